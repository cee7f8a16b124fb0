import { Float16Array } from '@petamoriken/float16';
import { Rewriter } from '../passes/rewriter.ts';
import { DATA_TYPES, type OnnxGraph, type OnnxTensor } from '../proto.ts';

/** The largest number of 16 bits. */
const LARGEST = 65504;

/** The bits of numbers of 16 bits; what is too large becomes the largest. */
const halfBits = (values: Float32Array): Uint16Array =>
  new Uint16Array(
    new Float16Array(values.map((x) => Math.min(Math.max(x, -LARGEST), LARGEST))).buffer,
  );

/** Inputs that ONNX wants in float32, by op; undefined: all of them. */
const FULL: Readonly<Record<string, readonly number[] | undefined>> = {
  NonMaxSuppression: undefined,
  Resize: [1, 2],
};

/** Ops that make float32 of what has another type. */
const MAKES_FLOAT = new Set(['ConstantOfShape']);

/**
 * A graph that computes in numbers of 16 bits: half of the bytes, and on devices that can about half of the time. Its inputs and outputs stay
 * float32; constants beyond 65,504 become that.
 */
export function halfPrecision(graph: OnnxGraph): OnnxGraph {
  const w = new Rewriter(graph);
  const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const given = new Map(graph.inputs.map((port) => [port.name, port]));
  const halves = new Map<string, string>();
  const cast = (name: string, to: keyof typeof DATA_TYPES) =>
    w.node('Cast', [name], { to: DATA_TYPES[to] });
  const half = (name: string): string => {
    const known = halves.get(name);
    if (known !== undefined) return known;
    const tensor = tensors.get(name);
    let made = name;
    if (tensor?.dtype === 'float32') made = w.initializer(asHalf(tensor));
    else if (given.get(name)?.dtype === 'float32') made = cast(name, 'float16');
    halves.set(name, made);
    return made;
  };
  const full = (name: string): string =>
    tensors.has(name) || given.has(name) || w.sizes(name)?.dtype !== 'float16'
      ? name
      : cast(name, 'float32');
  for (const source of graph.nodes) {
    const node = w.enter(source);
    const keeps = (i: number) => node.op in FULL && (FULL[node.op]?.includes(i) ?? true);
    const inputs = node.inputs.map((name, i) => (keeps(i) ? full(name) : half(name)));
    const { attributes } = node;
    const toFloat = node.op === 'Cast' && attributes.to === DATA_TYPES.float32;
    const own = toFloat ? { ...attributes, to: DATA_TYPES.float16 } : attributes;
    const outputs = w.nodeOutputs(node.op, inputs, own, node.outputs.length);
    node.outputs.forEach((name, i) => {
      const made = outputs[i]!;
      w.replace(name, MAKES_FLOAT.has(node.op) ? cast(made, 'float16') : made);
    });
  }
  w.within(undefined);
  for (const { name, dtype } of graph.outputs)
    if (dtype === 'float32') w.replace(name, cast(w.resolve(name), 'float32'));
  return w.finish();
}

const asHalf = ({ shape, data, parameter }: OnnxTensor): Omit<OnnxTensor, 'name'> => ({
  dtype: 'float16',
  shape,
  data: halfBits(data as Float32Array),
  parameter,
});
