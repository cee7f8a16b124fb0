import { KcrError, type Node, type Value } from '@kcr/core';
import { concat, pad, reshape, slice, split, transpose, unpack } from './arrange.ts';
import type { OnnxBuilder } from './builder.ts';
import { compositeLowerings } from './composites.ts';
import { convolutionLowerings } from './convolutions.ts';
import { binary, unary } from './elementwise.ts';
import { DATA_TYPES } from './proto.ts';
import { argReduce, reduce, sum } from './reductions.ts';

/** Writes one kernel call as ONNX nodes and returns the names of its outputs. */
export type Lowering = (b: OnnxBuilder, node: Node) => string[];

const MICROSOFT = 'com.microsoft';

const cast =
  (to: keyof typeof DATA_TYPES, input = 'x'): Lowering =>
  (b, { inputs }) => [b.node('Cast', [b.get(inputs[input]!)], { to: DATA_TYPES[to] })];

const transposeLast = (b: OnnxBuilder, name: string, rank: number) => {
  const perm = [...Array(rank).keys()];
  perm.splice(rank - 2, 2, rank - 1, rank - 2);
  return b.node('Transpose', [name], { perm });
};

/** Products: Gemm for matrices, the fused form for transposed batches where the target has it. */
const matMul: Lowering = (b, { inputs, attrs }) => {
  const { a, b: c } = inputs as { a: Value; b: Value };
  const transA = attrs.transposeA ? 1 : 0;
  const transB = attrs.transposeB ? 1 : 0;
  const [x, y] = [b.get(a), b.get(c)];
  if (a.shape.length === 2 && c.shape.length === 2)
    return [b.node('Gemm', [x, y], { transA, transB })];
  if (!transA && !transB) return [b.node('MatMul', [x, y])];
  if (b.target !== 'webgpu') return [b.node('FusedMatMul', [x, y], { transA, transB }, MICROSOFT)];
  const left = transA ? transposeLast(b, x, a.shape.length) : x;
  const right = transB ? transposeLast(b, y, c.shape.length) : y;
  return [b.node('MatMul', [left, right])];
};

const topK: Lowering = (b, { inputs, attrs }) => {
  const k = b.int64([attrs.k as number]);
  const [values, index] = b.nodeOutputs(
    'TopK',
    [b.get(inputs.x!), k],
    { axis: -1 },
    { outputs: 2 },
  );
  return [values!, b.node('Cast', [index!], { to: DATA_TYPES.int32 })];
};

/** By comparison with 0..depth-1: ONNX Runtime's OneHot exists for few of the type combinations. */
const oneHot: Lowering = (b, { inputs, attrs, outputs }) => {
  const depth = attrs.depth as number;
  const { dtype } = outputs[0]!;
  const classes = b.initializer(
    'int32',
    [depth],
    Int32Array.from({ length: depth }, (_, i) => i),
  );
  const labels = b.node('Unsqueeze', [b.get(inputs.indices!), b.int64([-1])]);
  const [on, off] = [attrs.onValue, attrs.offValue].map((v) => b.scalar(v as number, dtype));
  return [b.node('Where', [b.node('Equal', [labels, classes]), on!, off!])];
};

const filled =
  (value: (node: Node) => number): Lowering =>
  (b, node) => {
    const out = node.outputs[0]!;
    const name = b.scalar(value(node), out.dtype);
    b.bind(out, name, out.shape.length > 0 ? 'number' : undefined);
    return [name];
  };

/** How each TensorFlow.js kernel is written in ONNX. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  Abs: unary('Abs'),
  Add: binary('Add'),
  ArgMax: argReduce('ArgMax'),
  ArgMin: argReduce('ArgMin'),
  BatchMatMul: matMul,
  Cast: (b, node) => cast(node.outputs[0]!.dtype)(b, node),
  Ceil: unary('Ceil'),
  ClipByValue: (b, { inputs, attrs }) => [
    b.node('Clip', [
      b.get(inputs.x!),
      b.scalar(attrs.clipValueMin as number),
      b.scalar(attrs.clipValueMax as number),
    ]),
  ],
  Concat: concat,
  Cos: unary('Cos'),
  Cumsum: (b, { inputs, attrs }) => [
    b.node(
      'CumSum',
      [
        b.get(inputs.x!),
        b.initializer('int64', [], BigInt64Array.of(BigInt(attrs.axis as number))),
      ],
      {
        exclusive: attrs.exclusive ? 1 : 0,
        reverse: attrs.reverse ? 1 : 0,
      },
    ),
  ],
  Elu: unary('Elu'),
  Equal: binary('Equal'),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  ExpandDims: reshape('input'),
  Fill: filled((node) => node.attrs.value as number),
  Floor: unary('Floor'),
  GatherV2: (b, { inputs, attrs }) => [
    b.node('Gather', [b.get(inputs.x!), b.get(inputs.indices!)], { axis: attrs.axis as number }),
  ],
  Greater: binary('Greater'),
  GreaterEqual: binary('GreaterOrEqual'),
  Less: binary('Less'),
  LessEqual: binary('LessOrEqual'),
  Log: unary('Log'),
  Log1p: (b, { inputs }) => [b.node('Log', [b.node('Add', [b.get(inputs.x!), b.scalar(1)])])],
  LogSoftmax: (b, { inputs }) => [b.node('LogSoftmax', [b.get(inputs.logits!)], { axis: -1 })],
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
  Pack: (b, { inputs, attrs, outputs }) => {
    const axis = attrs.axis as number;
    const parts = Object.values(inputs).map((v) =>
      b.node('Unsqueeze', [b.get(v), b.int64([axis])]),
    );
    return [b.node('Concat', parts, { axis: axis < 0 ? axis + outputs[0]!.shape.length : axis })];
  },
  PadV2: pad,
  Pow: binary('Pow'),
  Prod: reduce('ReduceProd'),
  RealDiv: binary('Div'),
  Reciprocal: unary('Reciprocal'),
  Relu: unary('Relu'),
  Relu6: (b, { inputs }) => [b.node('Clip', [b.get(inputs.x!), b.scalar(0), b.scalar(6)])],
  Reshape: reshape(),
  Round: unary('Round'),
  Rsqrt: (b, { inputs }) => [b.node('Reciprocal', [b.node('Sqrt', [b.get(inputs.x!)])])],
  Select: (b, { inputs }) => {
    const { condition, t, e } = inputs as Record<string, Value>;
    const mask =
      condition!.dtype === 'bool'
        ? b.get(condition!)
        : b.node('Cast', [b.get(condition!)], { to: DATA_TYPES.bool });
    return [b.node('Where', [mask, b.get(t!), b.get(e!)])];
  },
  Sigmoid: unary('Sigmoid'),
  Sign: unary('Sign'),
  Sin: unary('Sin'),
  Slice: slice,
  Softmax: (b, { inputs }) => [b.node('Softmax', [b.get(inputs.logits!)], { axis: -1 })],
  Softplus: unary('Softplus'),
  SplitV: split,
  Sqrt: unary('Sqrt'),
  Square: (b, { inputs }) => {
    const x = b.get(inputs.x!);
    return [b.node('Mul', [x, x])];
  },
  SquaredDifference: (b, node) => {
    const { a, b: c } = node.inputs as { a: Value; b: Value };
    const difference = b.node('Sub', [b.get(a), b.get(c)]);
    return [b.node('Mul', [difference, difference])];
  },
  Step: (b, { inputs, attrs }) => {
    const x = b.get(inputs.x!);
    const positive = b.node('Greater', [x, b.scalar(0)]);
    return [b.node('Where', [positive, b.scalar(1), b.scalar((attrs.alpha as number) ?? 0)])];
  },
  Sub: binary('Sub'),
  Sum: sum,
  Tanh: unary('Tanh'),
  Tile: (b, { inputs, attrs }) => [
    b.node('Tile', [b.get(inputs.x!), b.int64(attrs.reps as number[])]),
  ],
  TopK: topK,
  Transpose: transpose,
  Unpack: unpack,
  ZerosLike: filled(() => 0),
  ...compositeLowerings,
  ...convolutionLowerings,
};

/** Writes `node` into the builder. @throws KcrError `ONNX_KERNEL` */
export function lower(b: OnnxBuilder, node: Node): void {
  const lowering = lowerings[node.kernel];
  if (!lowering)
    throw new KcrError('ONNX_KERNEL', {
      where: `graph node ${node.kernel}`,
      found: 'a kernel that has no ONNX form here',
      fix: 'Write it with other ops, or run this step on the eager engine',
    });
  const names = lowering(b, node);
  node.outputs.forEach((value, i) => {
    if (!b.isBound(value)) b.bind(value, names[i] as string);
  });
}
