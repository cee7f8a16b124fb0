import type { Graph, Value } from '@kcr/core';
import { OnnxBuilder, type Target } from './builder.ts';
import { lower } from './lowering.ts';
import { encodeModel, type OnnxPort, type OnnxTensor } from './proto.ts';

export interface OnnxGraphOptions {
  name: string;
  target: Target;
  /** Graph inputs whose values are fixed, stored in the file. */
  constants?: ReadonlyMap<string, OnnxTensor['data']>;
  /** The same function traced with another batch size: sizes that differ become dynamic. */
  twin?: Graph;
  /** Adds {@link UNREADABLE} as the first output. */
  unreadable?: boolean;
  /** Channels to a block of the runtime's blocked layout (see `blocked.ts`). Default: it is not used. */
  block?: number;
}

/**
 * An output, an empty sequence, that ONNX Runtime's Node binding refuses to turn into a value. The binding
 * copies every output into new memory, even where it has just been written to memory that it was given: for a
 * training step, all parameters and moments. It refuses after the run, so that nothing is copied and the
 * given memory has the results.
 */
export const UNREADABLE = 'unreadable';

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
  for (const node of graph.nodes) lower(b, node);
  const outputs: OnnxPort[] = Object.entries(graph.outputs).map(([name, value]) => {
    b.output(name, value);
    return port(name, value);
  });
  if (options.unreadable) {
    outputs.unshift({ name: UNREADABLE, dtype: 'float32', shape: [], sequence: true });
    b.nodeNamed('SequenceEmpty', UNREADABLE);
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
