import type { tf } from '@kcr/core';
import { concat, pad, reshape, slice, split, transpose, unpack } from './arrange.ts';
import type { OnnxBuilder } from './builder.ts';
import { convolutionLowerings } from './convolutions.ts';
import { MICROSOFT } from './domains.ts';
import { binary, unary } from './elementwise.ts';
import type { KernelLowering, KernelLowerings } from './lowering.ts';
import { DATA_TYPES } from './proto.ts';
import { argReduce, reduce, sum } from './reductions.ts';

const transposeLast = (b: OnnxBuilder, name: string, rank: number) => {
  const perm = [...Array(rank).keys()];
  perm.splice(rank - 2, 2, rank - 1, rank - 2);
  return b.node('Transpose', [name], { perm });
};

/** Products: Gemm for matrices, the fused form for transposed batches where the runtime has it. */
const matMul: KernelLowering<'a' | 'b', tf.BatchMatMulAttrs> = (b, { a, b: c }, attrs) => {
  const transA = attrs.transposeA ? 1 : 0;
  const transB = attrs.transposeB ? 1 : 0;
  const [x, y] = [b.get(a), b.get(c)];
  if (a.shape.length === 2 && c.shape.length === 2)
    return b.node('Gemm', [x, y], { transA, transB });
  if (!transA && !transB) return b.node('MatMul', [x, y]);
  if (!b.plain) return b.node('FusedMatMul', [x, y], { transA, transB }, MICROSOFT);
  const left = transA ? transposeLast(b, x, a.shape.length) : x;
  const right = transB ? transposeLast(b, y, c.shape.length) : y;
  return b.node('MatMul', [left, right]);
};

const topK: KernelLowering<'x', tf.TopKAttrs> = (b, { x }, { k }) => {
  const [values, index] = b.nodeOutputs(
    'TopK',
    [b.get(x), b.int64([k])],
    { axis: -1 },
    { outputs: 2 },
  );
  return [values!, b.node('Cast', [index!], { to: DATA_TYPES.int32 })];
};

/** By comparison with 0..depth-1: ONNX Runtime's OneHot exists for few of the type combinations. */
const oneHot: KernelLowering<'indices', tf.OneHotAttrs> = (b, { indices }, attrs, [out]) => {
  const { depth, onValue, offValue } = attrs;
  const classes = b.int32([...Array(depth).keys()]);
  const labels = b.node('Unsqueeze', [b.get(indices), b.int64([-1])]);
  const [on, off] = [b.scalar(onValue, out.dtype), b.scalar(offValue, out.dtype)];
  return b.node('Where', [b.node('Equal', [labels, classes]), on, off]);
};

/** A constant of one number, which stays one number until something needs its shape. */
const filled =
  <A>(value: (attrs: A) => number): KernelLowering<never, A> =>
  (b, _, attrs, [out]) => {
    const name = b.scalar(value(attrs), out.dtype);
    b.bind(out, name, out.shape.length > 0 ? 'number' : undefined);
    return name;
  };

const cast: KernelLowering = (b, { x }, _, [out]) =>
  b.node('Cast', [b.get(x)], { to: DATA_TYPES[out.dtype] });

const clip: KernelLowering<'x', tf.ClipByValueAttrs> = (b, { x }, attrs) =>
  b.node('Clip', [b.get(x), b.scalar(attrs.clipValueMin), b.scalar(attrs.clipValueMax)]);

const cumsum: KernelLowering<'x', tf.CumsumAttrs> = (b, { x }, { axis, exclusive, reverse }) => {
  const at = b.initializer('int64', [], BigInt64Array.of(BigInt(axis)));
  const attributes = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 };
  return b.node('CumSum', [b.get(x), at], attributes);
};

const gather: KernelLowering<'x' | 'indices', tf.GatherV2Attrs> = (b, { x, indices }, { axis }) =>
  b.node('Gather', [b.get(x), b.get(indices)], { axis });

const pack: KernelLowering<string, tf.PackAttrs> = (b, inputs, { axis }, [out]) => {
  const parts = Object.values(inputs).map((v) => b.node('Unsqueeze', [b.get(v), b.int64([axis])]));
  return b.node('Concat', parts, { axis: axis < 0 ? axis + out.shape.length : axis });
};

const select: KernelLowering<'condition' | 't' | 'e'> = (b, { condition, t, e }) => {
  const given = b.get(condition);
  const mask =
    condition.dtype === 'bool' ? given : b.node('Cast', [given], { to: DATA_TYPES.bool });
  return b.node('Where', [mask, b.get(t), b.get(e)]);
};

const logits =
  (op: string): KernelLowering<'logits'> =>
  (b, x) =>
    b.node(op, [b.get(x.logits)], { axis: -1 });

/** Nodes over one value, in its own layout. */
const composed =
  (write: (b: OnnxBuilder, x: string) => string): KernelLowering =>
  (b, { x }) =>
    write(b, b.get(x));

const squaredDifference: KernelLowering<'a' | 'b'> = (b, { a, b: c }) => {
  const difference = b.node('Sub', [b.get(a), b.get(c)]);
  return b.node('Mul', [difference, difference]);
};

const step: KernelLowering<'x', tf.StepAttrs> = (b, { x }, { alpha }) => {
  const positive = b.node('Greater', [b.get(x), b.scalar(0)]);
  return b.node('Where', [positive, b.scalar(1), b.scalar(alpha ?? 0)]);
};

const tile: KernelLowering<'x', tf.TileAttrs> = (b, { x }, { reps }) =>
  b.node('Tile', [b.get(x), b.int64(reps)]);

/** How each TensorFlow.js kernel is written in ONNX. */
export const kernelLowerings: KernelLowerings = {
  Abs: unary('Abs'),
  Add: binary('Add'),
  ArgMax: argReduce('ArgMax'),
  ArgMin: argReduce('ArgMin'),
  BatchMatMul: matMul,
  Cast: cast,
  Ceil: unary('Ceil'),
  ClipByValue: clip,
  Concat: concat,
  Cos: unary('Cos'),
  Cumsum: cumsum,
  Elu: unary('Elu'),
  Equal: binary('Equal'),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  ExpandDims: reshape,
  Fill: filled(({ value }: { value: number }) => value),
  Floor: unary('Floor'),
  GatherV2: gather,
  Greater: binary('Greater'),
  GreaterEqual: binary('GreaterOrEqual'),
  Less: binary('Less'),
  LessEqual: binary('LessOrEqual'),
  Log: unary('Log'),
  Log1p: composed((b, x) => b.node('Log', [b.node('Add', [x, b.scalar(1)])])),
  LogSoftmax: logits('LogSoftmax'),
  LogicalAnd: binary('And'),
  LogicalNot: unary('Not'),
  LogicalOr: binary('Or'),
  Max: reduce('ReduceMax'),
  Maximum: binary('Max'),
  Mean: reduce('ReduceMean'),
  Min: reduce('ReduceMin'),
  Minimum: binary('Min'),
  Multiply: binary('Mul'),
  Neg: unary('Neg'),
  OneHot: oneHot,
  OnesLike: filled(() => 1),
  Pack: pack,
  PadV2: pad,
  Pow: binary('Pow'),
  Prod: reduce('ReduceProd'),
  RealDiv: binary('Div'),
  Reciprocal: unary('Reciprocal'),
  Relu: unary('Relu'),
  Relu6: composed((b, x) => b.node('Clip', [x, b.scalar(0), b.scalar(6)])),
  Reshape: reshape,
  Round: unary('Round'),
  Rsqrt: composed((b, x) => b.node('Reciprocal', [b.node('Sqrt', [x])])),
  Select: select,
  Sigmoid: unary('Sigmoid'),
  Sign: unary('Sign'),
  Sin: unary('Sin'),
  Slice: slice,
  Softmax: logits('Softmax'),
  Softplus: unary('Softplus'),
  SplitV: split,
  Sqrt: unary('Sqrt'),
  Square: composed((b, x) => b.node('Mul', [x, x])),
  SquaredDifference: squaredDifference,
  Step: step,
  Sub: binary('Sub'),
  Sum: sum,
  Tanh: unary('Tanh'),
  Tile: tile,
  TopK: topK,
  Transpose: transpose,
  Unpack: unpack,
  ZerosLike: filled(() => 0),
  ...convolutionLowerings,
};
