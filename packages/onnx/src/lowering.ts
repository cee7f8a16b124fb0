import { KcrError, type Node, shapeText, type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import { compositeLowerings } from './composites.ts';
import { convolutionLowerings } from './convolutions.ts';
import { elementwise, prefersBlocks } from './elementwise.ts';
import { DATA_TYPES } from './proto.ts';
import { sumRows } from './reductions.ts';

/** Writes one kernel call as ONNX nodes and returns the names of its outputs. */
export type Lowering = (b: OnnxBuilder, node: Node) => string[];

const MICROSOFT = 'com.microsoft';

const unary = (op: string): Lowering => elementwise((b, { x }) => b.node(op, [x!]));

const covers = (value: Value, shape: readonly number[]) =>
  shapeText(value.shape) === shapeText(shape);

/**
 * The shape without its last axes of 1, for an op with a scalar: over those, ONNX Runtime goes element by
 * element.
 */
function flatShape(b: OnnxBuilder, a: Value, c: Value, out: Value) {
  const { shape } = out;
  const scalar = a.shape.length === 0 || c.shape.length === 0;
  const full = [a, c].some((v) => v.shape.length > 0 && covers(v, shape) && !v.constant);
  const dynamic = b.dynamicShape(out).includes(undefined);
  if (!scalar || !full || dynamic || shape.at(-1) !== 1) return undefined;
  return shape.slice(0, shape.findLastIndex((n) => n > 1) + 1);
}

/**
 * A binary op by ONNX' broadcasting. Operands that are smaller than their shape says (scalars that stand
 * for full constants) stay small where the other operand has the output's shape.
 */
const binary =
  (op: string): Lowering =>
  (b, { kernel, inputs, outputs }) => {
    const { a, b: c } = inputs as { a: Value; b: Value };
    const out = outputs[0]!;
    if (prefersBlocks(b, [a, c], out)) {
      const names = [a, c].map((v) => (b.canBlock(v) ? b.blocked(v) : b.broadcastable(v)));
      b.bindBlocked(out, b.node(op, names));
      return [];
    }
    const flat = flatShape(b, a, c, out);
    if (flat) {
      const names = [a, c].map((v) =>
        v.shape.length === 0 ? b.get(v) : b.node('Reshape', [b.get(v), b.int64(flat)]),
      );
      return [b.node('Reshape', [b.node(op, names), b.int64(out.shape)])];
    }
    const smallA = b.isLazy(a);
    const smallB = b.isLazy(c);
    const fullA = !smallA && covers(a, out.shape);
    const fullB = !smallB && covers(c, out.shape);
    const name = b.node(op, [b.broadcastable(a), b.broadcastable(c)]);
    // Without a full operand the result is itself smaller than its shape, and stays so until needed.
    const lazy = !fullA && !fullB && (smallA || smallB);
    if (lazy && kernel !== 'Select') b.bind(out, name, true);
    return [name];
  };

/** The axes of a reduction, ascending. */
function axesOf({ inputs, attrs }: Node): number[] {
  const rank = inputs.x!.shape.length;
  const raw = (attrs.axis ?? attrs.reductionIndices ?? [...Array(rank).keys()]) as
    | number
    | number[];
  return (Array.isArray(raw) ? raw : [raw])
    .map((a) => (a < 0 ? a + rank : a))
    .sort((p, q) => p - q);
}

const reduce =
  (op: string): Lowering =>
  (b, node) => {
    const x = node.inputs.x!;
    const keepdims = node.outputs[0]!.shape.length === x.shape.length ? 1 : 0;
    return [b.node(op, [b.get(x), b.int64(axesOf(node))], { keepdims })];
  };

/** Sums over all axes but the last have a faster way on the CPU. */
const sum: Lowering = (b, node) => {
  const x = node.inputs.x!;
  const [out] = node.outputs as [Value];
  const leading =
    out.shape.length === 1 && x.shape.length > 1 && axesOf(node).at(-1) !== x.shape.length - 1;
  const fixed = !b.dynamicShape(x).includes(undefined);
  return leading && fixed && b.target === 'cpu'
    ? [sumRows(b, b.get(x), x)]
    : reduce('ReduceSum')(b, node);
};

const argReduce =
  (op: string): Lowering =>
  (b, { inputs, attrs }) => {
    const index = b.node(op, [b.get(inputs.x!)], { axis: attrs.axis as number, keepdims: 0 });
    return [b.node('Cast', [index], { to: DATA_TYPES.int32 })];
  };

const cast =
  (to: keyof typeof DATA_TYPES, input = 'x'): Lowering =>
  (b, { inputs }) => [b.node('Cast', [b.get(inputs[input]!)], { to: DATA_TYPES[to] })];

/**
 * A transpose; those between PyTorch's and TensorFlow's order of a filter's axes as two steps, each of which
 * moves one axis: ONNX Runtime does these many times as fast.
 */
const transposeAxes: Lowering = (b, { inputs, attrs, outputs }) => {
  const perm = attrs.perm as number[];
  const x = b.get(inputs.x!);
  if (inputs.x!.shape.length !== 4) return [b.node('Transpose', [x], { perm })];
  const [p, q, r, s] = inputs.x!.shape as [number, number, number, number];
  const reshape = (name: string, shape: number[]) => b.node('Reshape', [name, b.int64(shape)]);
  const swap = (name: string) => b.node('Transpose', [name], { perm: [0, 2, 1] });
  const flip = (name: string) => b.node('Transpose', [name], { perm: [1, 0] });
  const out = outputs[0]!.shape as number[];
  const dynamic = b.dynamicShape(inputs.x!).includes(undefined);
  if (!dynamic && perm.join() === '2,3,1,0')
    return [reshape(flip(reshape(swap(reshape(x, [p, q, r * s])), [p, q * r * s])), out)];
  if (!dynamic && perm.join() === '3,2,0,1')
    return [reshape(swap(reshape(flip(reshape(x, [p * q * r, s])), [s, p * q, r])), out)];
  return [b.node('Transpose', [x], { perm })];
};

const transpose = (b: OnnxBuilder, name: string, rank: number) => {
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
  const left = transA ? transpose(b, x, a.shape.length) : x;
  const right = transB ? transpose(b, y, c.shape.length) : y;
  return [b.node('MatMul', [left, right])];
};

const concat: Lowering = (b, { inputs, attrs, outputs }) => {
  const parts = Object.values(inputs);
  const [out] = outputs as [Value];
  const axis = attrs.axis as number;
  const whole = b.canBlock(out) && parts.every((part) => b.canBlock(part));
  if (whole && axis === 3 && parts.some((part) => b.isBlocked(part))) {
    b.bindBlocked(
      out,
      b.node(
        'Concat',
        parts.map((part) => b.blocked(part)),
        { axis: 1 },
      ),
    );
    return [];
  }
  return [
    b.node(
      'Concat',
      parts.map((part) => b.get(part)),
      { axis },
    ),
  ];
};

const reshape =
  (input = 'x'): Lowering =>
  (b, { inputs, outputs }) => [
    b.node('Reshape', [b.get(inputs[input]!), b.reshapeTarget(outputs[0]!)]),
  ];

const slice: Lowering = (b, { inputs, attrs, outputs }) => {
  const begin = attrs.begin as number[];
  const size = outputs[0]!.shape;
  const cut = size.map((_, i) => i).filter((i) => size[i] !== inputs.x!.shape[i]);
  const starts = cut.map((i) => begin[i] ?? 0);
  const ends = cut.map((i) => (begin[i] ?? 0) + size[i]!);
  return [b.node('Slice', [b.get(inputs.x!), b.int64(starts), b.int64(ends), b.int64(cut)])];
};

const split: Lowering = (b, { inputs, attrs, outputs }) => {
  const rank = inputs.x!.shape.length;
  const axis = ((attrs.axis as number) + rank) % rank;
  const sizes = b.int64(outputs.map((out) => out.shape[axis]!));
  if (axis === 3 && b.isBlocked(inputs.x!) && outputs.every((out) => b.canBlock(out))) {
    const split = [b.blocked(inputs.x!), sizes];
    const names = b.nodeOutputs('Split', split, { axis: 1 }, { outputs: outputs.length });
    outputs.forEach((out, i) => {
      b.bindBlocked(out, names[i]!);
    });
    return [];
  }
  return b.nodeOutputs('Split', [b.get(inputs.x!), sizes], { axis }, { outputs: outputs.length });
};

const unpack: Lowering = (b, { inputs, attrs, outputs }) => {
  const { shape } = inputs.value!;
  const axis = ((attrs.axis as number) + shape.length) % shape.length;
  const sizes = b.int64(outputs.map(() => 1));
  const parts = b.nodeOutputs(
    'Split',
    [b.get(inputs.value!), sizes],
    { axis },
    { outputs: outputs.length },
  );
  return parts.map((part) => b.node('Squeeze', [part, b.int64([axis])]));
};

const pad: Lowering = (b, { inputs, attrs }) => {
  const paddings = attrs.paddings as [number, number][];
  const pads = b.int64([
    ...paddings.map(([before]) => before),
    ...paddings.map(([, after]) => after),
  ]);
  return [b.node('Pad', [b.get(inputs.x!), pads, b.scalar(attrs.constantValue as number)])];
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
    b.bind(out, name, out.shape.length > 0);
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
  Transpose: transposeAxes,
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
