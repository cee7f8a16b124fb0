import { shapeText, sizeOf } from '@kcr/core';
import { Arena, type Piece } from './arena.ts';
import { infer, type Known } from './infer.ts';
import type { OnnxGraph, OnnxNode, OnnxPort, OnnxType } from './proto.ts';
import { runOrder } from './run-order.ts';

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
  /** Shape and bytes of an element of the first value in it. */
  readonly form: string;
  /** Values in it that are still read. */
  values: number;
  /** Positions of the nodes that take it and that give it back. */
  readonly from: number;
  to: number;
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
  /** What the allocator of ONNX Runtime comes to take for them, in several runs. */
  readonly arena: number;
}

/**
 * The memory that a run of a graph on ONNX Runtime takes, found without one: nodes run in the runtime's order, a value lives from the node that
 * makes it to the last one that reads it, what can be written over its input is, and what is no longer read is used again for a value of the
 * same shape, though it is kept until then. Kernels take more for themselves (docs/scale.md).
 */
export function graphMemory(graph: OnnxGraph): GraphMemory {
  const forms = formsByName(graph);
  const bytesOf = (name: string) => bytesIn(forms.get(name));
  const sizes = (ports: readonly OnnxPort[]) =>
    new Map(ports.map(({ name }) => [name, bytesOf(name)]));
  const nodes = runOrder(graph.nodes);
  const buffers = buffersOf({ ...graph, nodes }, forms).filter(({ bytes }) => bytes > 0);
  return {
    inputs: sizes(graph.inputs),
    outputs: sizes(graph.outputs),
    constants: graph.initializers.reduce((sum, { name }) => sum + bytesOf(name), 0),
    ...taken(buffers, nodes.length),
  };
}

/** Runs after which an allocator takes what it ever will: the second meets the regions of the first, which lie otherwise. */
const RUNS = 3;

/** What kernels take for themselves, and values of nodes that ONNX Runtime makes of ours, for each byte of values. */
const BESIDE = 1.06;

/** What buffers take at once, and what comes of taking and giving them back. */
function taken(buffers: readonly Buffer[], nodes: number): Pick<GraphMemory, 'between' | 'arena'> {
  const starts = Array.from({ length: nodes }, (): Buffer[] => []);
  const ends = Array.from({ length: nodes }, (): Buffer[] => []);
  for (const buffer of buffers) {
    starts[buffer.from]!.push(buffer);
    ends[buffer.to]!.push(buffer);
  }
  const arena = new Arena();
  const pieces = new Map<Buffer, Piece>();
  let [now, between] = [0, 0];
  for (let at = 0; at < RUNS * nodes; at++) {
    for (const buffer of starts[at % nodes]!) {
      pieces.set(buffer, arena.take(BESIDE * buffer.bytes));
      now += buffer.bytes;
    }
    between = Math.max(between, now);
    for (const buffer of ends[at % nodes]!) {
      arena.give(pieces.get(buffer)!);
      now -= buffer.bytes;
    }
  }
  return { between, arena: arena.written };
}

/** The buffers that values between are in. */
function buffersOf(
  { nodes, inputs, outputs, initializers }: OnnxGraph,
  forms: ReadonlyMap<string, Known>,
): Buffer[] {
  const outside = new Set([...inputs, ...outputs, ...initializers].map(({ name }) => name));
  /** Nodes that have yet to read a value. */
  const readers = new Map<string, number>();
  for (const node of nodes)
    for (const name of new Set(node.inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const all: Buffer[] = [];
  const buffers = new Map<string, Buffer>();
  /** Those that nothing reads any more, by form. */
  const free = new Map<string, Buffer[]>();

  function release(name: string, at: number): void {
    const buffer = buffers.get(name);
    if (!buffer || --buffer.values > 0) return;
    buffer.to = at;
    const same = free.get(buffer.form);
    if (same) same.push(buffer);
    else free.set(buffer.form, [buffer]);
  }

  /** The buffer that a node's first output is in, if it is an input's. */
  function inputsOwn({ op, domain, inputs: read }: OnnxNode, bytes: number): Buffer | undefined {
    if (domain !== '') return undefined;
    if (VIEWS.has(op)) return buffers.get(read[0]!);
    if (!IN_PLACE.has(op)) return undefined;
    const over = read.find((name) => {
      const buffer = buffers.get(name);
      return buffer?.values === 1 && buffer.bytes === bytes && readers.get(name) === 1;
    });
    return over === undefined ? undefined : buffers.get(over);
  }

  function fresh(bytes: number, form: string, at: number): Buffer {
    const buffer = { bytes, form, values: 0, from: at, to: at };
    all.push(buffer);
    return buffer;
  }

  nodes.forEach((node, at) => {
    node.outputs.forEach((name, i) => {
      if (name === '' || outside.has(name)) return;
      const isView = i === 0 && node.domain === '' && VIEWS.has(node.op);
      const known = forms.get(name);
      // A view of what the caller gives is not between.
      const bytes = isView && outside.has(node.inputs[0]!) ? 0 : bytesIn(known);
      const form = bytes > 0 ? formOf(known!) : '';
      const buffer =
        (i === 0 ? inputsOwn(node, bytes) : undefined) ??
        free.get(form)?.pop() ??
        fresh(bytes, form, at);
      buffer.values++;
      buffers.set(name, buffer);
      if (!readers.has(name)) release(name, at);
    });
    for (const name of new Set(node.inputs)) {
      const left = readers.get(name)! - 1;
      readers.set(name, left);
      if (left === 0) release(name, at);
    }
  });
  return all;
}

/** Tells values apart that cannot take each other's place. */
const formOf = ({ dtype, shape }: Known) => `${BYTES[dtype]}${shapeText(shape)}`;

const bytesIn = (known: Known | undefined): number =>
  known ? sizeOf(known.shape) * BYTES[known.dtype] : 0;

/** Type and shape of each value; what is not known of any is left out. */
function formsByName(graph: OnnxGraph): ReadonlyMap<string, Known> {
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
    const inputs = node.inputs.map((name) => known.get(name));
    const given = node.op === 'NonZero' ? allPlaces(inputs) : infer(node, inputs);
    node.outputs.forEach((name, i) => {
      if (given?.[i] && !known.has(name)) known.set(name, given[i]);
    });
  }
  return known;
}

/** The places of what is not zero, of which a run may have fewer. */
const allPlaces = ([x]: readonly (Known | undefined)[]): Known[] | undefined =>
  x && [{ dtype: 'int64', shape: [x.shape.length, sizeOf(x.shape)] }];

/** A shape of a graph of one batch size. */
const numbers = (shape: OnnxPort['shape']): number[] => shape.map(Number);
