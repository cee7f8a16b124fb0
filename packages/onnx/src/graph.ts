import type { Graph, Value } from '@kcr/core';
import { OnnxBuilder, type Target } from './builder.ts';
import { unreadableNode, unreadableOutput } from './in-place.ts';
import { encodeModel, type OnnxPort, type OnnxTensor } from './proto.ts';
import { writeNode } from './write-node.ts';

export interface OnnxGraphOptions {
  name: string;
  target: Target;
  /** Graph inputs whose values are fixed, stored in the file. */
  constants?: ReadonlyMap<string, OnnxTensor['data']>;
  /** The same function traced with another batch size: sizes that differ become dynamic. */
  twin?: Graph;
  /** Adds the output that lets the others be written in place, see `in-place.ts`. */
  unreadable?: boolean;
  /** Channels to a block of the runtime's blocked layout (see `blocked.ts`). Default: it is not used. */
  block?: number;
}

/** Shapes of all values of a graph, by id. */
function shapesOf(graph: Graph): Map<number, readonly number[]> {
  const values = [...Object.values(graph.inputs), ...graph.nodes.flatMap((node) => node.outputs)];
  return new Map(values.map(({ id, shape }) => [id, shape]));
}

/** Writes a traced graph as the bytes of an ONNX model with the same input and output names. */
export function toOnnx(graph: Graph, options: OnnxGraphOptions): Uint8Array {
  const b = new OnnxBuilder(options.target, options.twin && shapesOf(options.twin), options.block);
  const port = (name: string, value: Value): OnnxPort => ({
    name,
    dtype: value.dtype,
    shape: b.dynamicShape(value).map((n) => n ?? 'batch'),
  });
  const inputs: OnnxPort[] = [];
  for (const [name, value] of Object.entries(graph.inputs)) {
    b.bind(value, name);
    const data = options.constants?.get(name);
    if (data) b.initializers.push({ name, dtype: value.dtype, shape: value.shape, data });
    else inputs.push(port(name, value));
  }
  for (const node of graph.nodes) writeNode(b, node);
  const outputs: OnnxPort[] = Object.entries(graph.outputs).map(([name, value]) => {
    b.output(name, value);
    return port(name, value);
  });
  if (options.unreadable) {
    outputs.unshift(unreadableOutput);
    b.add(unreadableNode);
  }
  const nodes = b.finish(outputs.map((output) => output.name));
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...Object.keys(graph.outputs)]);
  return encodeModel({
    name: options.name,
    nodes,
    initializers: b.initializers.filter(({ name }) => used.has(name)),
    inputs,
    outputs,
  });
}
