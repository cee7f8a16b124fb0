import type { OnnxGraph, OnnxNode } from '../proto.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** The axis of the channels in what a product with constant weights gives, counted from the last. */
const CHANNELS: Readonly<Record<string, number>> = { Conv: 2, Gemm: 0, MatMul: 0 };

/** A product whose result nothing but this reads. */
function product(w: Rewriter, name: string): OnnxNode | undefined {
  const node = Object.keys(CHANNELS)
    .map((op) => w.made(name, op))
    .find(Boolean);
  return node && w.uses(name) === 1 && w.isConstant(node.inputs[1]!) ? node : undefined;
}

/** A constant with one number, or one for each channel, as a list of these. */
function perChannel(w: Rewriter, name: string, { op, outputs }: OnnxNode): string | undefined {
  const shape = w.shape(name);
  const out = w.shape(outputs[0]!);
  if (!shape || !out || !w.isConstant(name) || shape.length > out.length) return undefined;
  const axis = shape.length - 1 - CHANNELS[op]!;
  const channels = out[out.length - 1 - CHANNELS[op]!];
  if (shape.some((n, i) => n !== 1 && i !== axis)) return undefined;
  const size = shape[axis] ?? 1;
  if (size !== 1 && size !== channels) return undefined;
  return shape.length === 1 ? name : w.reshape(name, [size]);
}

/** Weights times a factor for each channel. */
function scaled(w: Rewriter, { op, inputs, attributes }: OnnxNode, factor: string): string {
  const weight = inputs[1]!;
  const outFirst = op === 'Conv' || (op === 'Gemm' && attributes.transB === 1);
  if (!outFirst) return w.node('Mul', [weight, factor]);
  const ones = Array<number>(w.shape(weight)!.length - 1).fill(1);
  const column = w.reshape(factor, [w.shape(factor)![0]!, ...ones])!;
  return w.node('Mul', [weight, column]);
}

/** An offset as long as the channels are many: a bias is no single number. */
function whole(w: Rewriter, offset: string, channels: number): string {
  return w.shape(offset)![0] === channels
    ? offset
    : w.node('Expand', [offset, w.int64([channels])]);
}

/** An addition of a constant behind a product, of which nothing else reads anything. */
function offsetProduct(w: Rewriter, name: string) {
  const node = w.made(name, 'Add');
  if (!node || w.uses(name) !== 1) return undefined;
  const at = node.inputs.findIndex((input) => w.isConstant(input));
  const inner = at >= 0 ? product(w, node.inputs[1 - at]!) : undefined;
  const offset = inner && perChannel(w, node.inputs[at]!, inner);
  return inner && offset ? { inner, offset } : undefined;
}

/**
 * Constant factors and offsets of each channel behind a layer's product go into its weights and bias: batch norms in
 * evaluation, the scale of queries, layer scale.
 */
export const foldFactors = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    if (node.op !== 'Mul' && node.op !== 'Add') return false;
    const at = node.inputs.findIndex((name) => w.isConstant(name));
    if (at < 0) return false;
    const [x, constant] = [node.inputs[1 - at]!, node.inputs[at]!];
    const out = node.outputs[0]!;
    const inner = product(w, x);
    if (node.op === 'Add') {
      // MatMul has no place for a bias.
      if (!inner || inner.op === 'MatMul') return false;
      const given = perChannel(w, constant, inner);
      const channels = w.shape(inner.outputs[0]!)?.at(-1 - CHANNELS[inner.op]!);
      if (given === undefined || typeof channels !== 'number') return false;
      const offset = whole(w, given, channels);
      w.within(inner.path);
      const [data, weight, bias] = inner.inputs as [string, string, string | undefined];
      const sum = bias === undefined ? offset : w.node('Add', [bias, offset]);
      w.replace(out, w.node(inner.op, [data, weight, sum], inner.attributes));
      return true;
    }
    const shifted = inner ? undefined : offsetProduct(w, x);
    const layer = inner ?? shifted?.inner;
    const factor = layer && perChannel(w, constant, layer);
    if (!layer || factor === undefined) return false;
    w.within(layer.path);
    const [data, , bias] = layer.inputs as [string, string, string | undefined];
    const biases = bias === undefined ? [] : [w.node('Mul', [bias, factor])];
    const y = w.node(layer.op, [data, scaled(w, layer, factor), ...biases], layer.attributes);
    w.replace(out, shifted ? w.node('Add', [y, w.node('Mul', [shifted.offset, factor])]) : y);
    return true;
  });
