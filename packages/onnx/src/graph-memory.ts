import { sizeOf } from '@kcr/core';
import { infer, type Known } from './infer.ts';
import type { OnnxGraph, OnnxNode, OnnxPort, OnnxType } from './proto.ts';

/** Bytes of an element. */
const BYTES: Readonly<Record<OnnxType, number>> = {
  float32: 4,
  float16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Ops whose output is their first input in another shape: ONNX Runtime copies nothing. */
const VIEWS = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Identity']);

/** Ops that ONNX Runtime lets write over an input of the same size that nothing after them reads. */
const IN_PLACE = new Set(
  `Abs Add Cast Ceil Clip Cos Div Elu Erf Exp Floor Gelu HardSigmoid HardSwish LeakyRelu Log Max Min Mul Neg Not Pow
  Reciprocal Relu Round Sigmoid Sign Sin Softmax Softplus Sqrt Sub Tanh Where`.split(/\s+/),
);

/** Memory that one or more values are in, one after another or as views of each other. */
interface Buffer {
  readonly bytes: number;
  /** Values in it that are still read. */
  values: number;
}

/** Bytes that a run of a graph takes. */
export interface GraphMemory {
  /** What the caller gives, by name. */
  readonly inputs: ReadonlyMap<string, number>;
  /** What the caller gets, by name. */
  readonly outputs: ReadonlyMap<string, number>;
  /** Constants of the graph. */
  readonly constants: number;
  /** Values between, at the moment when these take most. */
  readonly between: number;
}

/**
 * The memory that a run of a graph on ONNX Runtime takes, found without one: nodes run in their order, a value lives from the node that
 * makes it to the last one that reads it, and what can be written over its input is. Beside it there are what kernels take for
 * themselves and what lies unused between values: some 5 to 10 % (docs/scale.md).
 */
export function graphMemory(graph: OnnxGraph): GraphMemory {
  const bytes = bytesByName(graph);
  const bytesOf = (name: string) => bytes.get(name) ?? 0;
  const sizes = (ports: readonly OnnxPort[]) =>
    new Map(ports.map(({ name }) => [name, bytesOf(name)]));
  return {
    inputs: sizes(graph.inputs),
    outputs: sizes(graph.outputs),
    constants: graph.initializers.reduce((sum, { name }) => sum + bytesOf(name), 0),
    between: most(graph, bytesOf),
  };
}

/** The most that values between take at once. */
function most(
  { nodes, inputs, outputs, initializers }: OnnxGraph,
  bytesOf: (name: string) => number,
) {
  const outside = new Set([...inputs, ...outputs, ...initializers].map(({ name }) => name));
  /** Nodes that have yet to read a value. */
  const readers = new Map<string, number>();
  for (const node of nodes)
    for (const name of new Set(node.inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const buffers = new Map<string, Buffer>();
  let [now, top] = [0, 0];

  function release(name: string): void {
    const buffer = buffers.get(name);
    if (buffer && --buffer.values === 0) now -= buffer.bytes;
  }

  /** The memory that a node's first output is in, if it is an input's. */
  function taken({ op, domain, inputs: read }: OnnxNode, bytes: number): Buffer | undefined {
    if (domain !== '') return undefined;
    if (VIEWS.has(op)) return buffers.get(read[0]!);
    if (!IN_PLACE.has(op)) return undefined;
    const free = read.find((name) => {
      const buffer = buffers.get(name);
      return buffer?.values === 1 && buffer.bytes === bytes && readers.get(name) === 1;
    });
    return free === undefined ? undefined : buffers.get(free);
  }

  for (const node of nodes) {
    node.outputs.forEach((name, i) => {
      if (name === '' || outside.has(name)) return;
      const isView = i === 0 && node.domain === '' && VIEWS.has(node.op);
      // A view of what the caller gives is not between.
      const bytes = isView && outside.has(node.inputs[0]!) ? 0 : bytesOf(name);
      const own = i === 0 ? taken(node, bytes) : undefined;
      const buffer = own ?? { bytes, values: 0 };
      if (!own) now += bytes;
      buffer.values++;
      buffers.set(name, buffer);
      top = Math.max(top, now);
      if (!readers.has(name)) release(name);
    });
    for (const name of new Set(node.inputs)) {
      const left = readers.get(name)! - 1;
      readers.set(name, left);
      if (left === 0) release(name);
    }
  }
  return top;
}

/** Bytes of each value; what is not known of any is left out. */
function bytesByName(graph: OnnxGraph): ReadonlyMap<string, number> {
  const known = new Map<string, Known>();
  for (const { name, dtype, shape } of [...graph.inputs, ...graph.outputs, ...(graph.values ?? [])])
    known.set(name, { dtype, shape: numbers(shape) });
  for (const { name, dtype, shape, data } of graph.initializers)
    known.set(name, {
      dtype,
      shape,
      ints: dtype === 'int64' ? Array.from(data, Number) : undefined,
    });
  for (const node of graph.nodes) {
    if (node.outputs.every((name) => known.has(name))) continue;
    const given = infer(
      node,
      node.inputs.map((name) => known.get(name)),
    );
    node.outputs.forEach((name, i) => {
      if (given?.[i] && !known.has(name)) known.set(name, given[i]);
    });
  }
  return new Map(
    [...known].map(([name, { dtype, shape }]) => [name, sizeOf(shape) * BYTES[dtype]]),
  );
}

/** A shape of a graph of one batch size. */
const numbers = (shape: OnnxPort['shape']): number[] => shape.map(Number);
