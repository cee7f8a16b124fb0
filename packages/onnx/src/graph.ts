import type { Graph, Value } from '@kcr/core';
import { OnnxBuilder, type Target } from './builder.ts';
import { unreadableNode, unreadableOutput } from './in-place.ts';
import { modulePaths } from './module-paths.ts';
import { encodeModel, type OnnxGraph, type OnnxPort, type OnnxTensor } from './proto.ts';
import type { Size } from './sizes.ts';
import { twinShapes } from './twin.ts';
import { writeNode } from './write-node.ts';

export interface OnnxGraphOptions {
  name: string;
  target: Target;
  /** Graph inputs whose values are fixed, stored in the file. */
  constants?: ReadonlyMap<string, OnnxTensor['data']>;
  /** The same function traced with one image more than `TRACED_BATCH`: sizes that differ become dynamic. */
  twin?: Graph;
  /** Adds the output that lets the others be written in place, see `in-place.ts`. */
  unreadable?: boolean;
  /** Channels to a block of the runtime's blocked layout (see `blocked.ts`). Default: it is not used. */
  block?: number;
  /** Graph inputs that are given in blocked layout. */
  blockedInputs?: ReadonlySet<string>;
  /** Whether an output may be given in blocked layout, where its value is there in no other. Default: none may. */
  blockedOutput?(name: string): boolean;
}

/** A graph as ONNX. */
export interface LoweredGraph extends OnnxGraph {
  /** Names of the outputs that are in blocked layout. */
  readonly blocked: ReadonlySet<string>;
}

/**
 * A traced graph as an ONNX graph with the same input and output names.
 *
 * @throws KcrError `ONNX_KERNEL`, `ONNX_LOWERING`, `ONNX_DYNAMIC`
 */
export function lowerGraph(graph: Graph, options: OnnxGraphOptions): LoweredGraph {
  const { name, target, constants, twin, block, blockedInputs, blockedOutput } = options;
  const b = new OnnxBuilder(target, twin && twinShapes(graph, twin, name), block);
  const port = (as: string, value: Value): OnnxPort => ({
    name: as,
    dtype: value.dtype,
    shape: b.sizes(value),
  });
  /** In the order in which the runtime says it: channels before places. */
  const blockedPort = (as: string, value: Value): OnnxPort => {
    const [images, height, width, channels] = b.sizes(value) as [Size, Size, Size, Size];
    return { name: as, dtype: value.dtype, shape: [images, channels, height, width] };
  };
  const inputs: OnnxPort[] = [];
  for (const [input, value] of Object.entries(graph.inputs)) {
    if (blockedInputs?.has(input)) {
      b.bindBlocked(value, input);
      inputs.push(blockedPort(input, value));
      continue;
    }
    b.bind(value, input);
    const data = constants?.get(input);
    if (data) {
      const { dtype, shape } = value;
      b.initializers.push({ name: input, dtype, shape, data, parameter: input });
      continue;
    }
    const axis = b.sizes(value).indexOf('batch');
    if (axis >= 0) b.batch ??= { input, axis };
    inputs.push(port(input, value));
  }
  const paths = modulePaths(graph, constants ?? new Map());
  for (const node of graph.nodes) {
    b.path = paths.get(node);
    writeNode(b, node);
  }
  b.path = undefined;
  const blocked = new Set<string>();
  const outputs: OnnxPort[] = Object.entries(graph.outputs).map(([output, value]) => {
    if (blockedOutput?.(output) && b.isBlocked(value)) {
      b.outputBlocked(output, value);
      blocked.add(output);
      return blockedPort(output, value);
    }
    b.output(output, value);
    return port(output, value);
  });
  if (options.unreadable) {
    outputs.unshift(unreadableOutput);
    b.add(unreadableNode);
  }
  const nodes = b.finish(outputs.map((output) => output.name));
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...Object.keys(graph.outputs)]);
  const made = graph.nodes.flatMap((node) => node.outputs);
  return {
    name,
    nodes,
    initializers: b.initializers.filter((tensor) => used.has(tensor.name)),
    inputs,
    outputs,
    blocked,
    values: made.flatMap((value) => {
      const known = b.nameOf(value);
      return known === undefined ? [] : [port(known, value)];
    }),
  };
}

/** Writes a traced graph as the bytes of an ONNX model with the same input and output names. */
export const toOnnx = (graph: Graph, options: OnnxGraphOptions): Uint8Array =>
  encodeModel({ ...lowerGraph(graph, options), values: [] });
