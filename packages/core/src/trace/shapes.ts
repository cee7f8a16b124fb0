import { type DataType, sizeOf } from '../ground/array.ts';
import { convInfo } from '../tensor/conv-info.ts';
import { tf } from '../tensor/tf.ts';
import type { Value } from './graph.ts';

type Inputs = Readonly<Record<string, Value>>;

export type Attrs = Readonly<Record<string, unknown>>;

export interface Spec {
  shape: readonly number[];
  dtype: DataType;
}

/** Shape and type of each output of a kernel. */
export type ShapeRule = (inputs: Inputs, attrs: Attrs) => Spec[];

const like =
  (name: string, dtype?: DataType): ShapeRule =>
  (inputs) => {
    const x = inputs[name] as Value;
    return [{ shape: x.shape, dtype: dtype ?? x.dtype }];
  };

const broadcast =
  (dtype?: DataType): ShapeRule =>
  ({ a, b }) => [
    {
      shape: tf.broadcast_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]),
      dtype: dtype ?? (a!.dtype === 'float32' || b!.dtype === 'float32' ? 'float32' : a!.dtype),
    },
  ];

const axesOf = (x: Value, axis: unknown) =>
  tf.util.parseAxisParam((axis ?? undefined) as number[], [...x.shape]);

const reduce =
  (dtype?: DataType): ShapeRule =>
  ({ x }, { axis, reductionIndices, keepDims }) => {
    // Max alone calls its axes `reductionIndices`.
    const axes = new Set(axesOf(x!, axis ?? reductionIndices));
    const shape = keepDims
      ? x!.shape.map((n, i) => (axes.has(i) ? 1 : n))
      : x!.shape.filter((_, i) => !axes.has(i));
    return [{ shape, dtype: dtype ?? x!.dtype }];
  };

const matMul: ShapeRule = ({ a, b }, { transposeA, transposeB }) => {
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(
    a!.shape.slice(0, -2),
    b!.shape.slice(0, -2),
  );
  const rows = a!.shape.at(transposeA ? -1 : -2) as number;
  const columns = b!.shape.at(transposeB ? -2 : -1) as number;
  return [{ shape: [...batch, rows, columns], dtype: 'float32' }];
};

const concat: ShapeRule = (inputs, { axis }) => {
  const parts = Object.values(inputs);
  const first = parts[0] as Value;
  const at = tf.util.parseAxisParam(axis as number, [...first.shape])[0] as number;
  const size = parts.reduce((sum, part) => sum + (part.shape[at] as number), 0);
  return [{ shape: first.shape.with(at, size), dtype: first.dtype }];
};

const split: ShapeRule = ({ x }, { axis, numOrSizeSplits }) => {
  const at = tf.util.parseAxisParam(axis as number, [...x!.shape])[0] as number;
  const sizes =
    typeof numOrSizeSplits === 'number'
      ? Array<number>(numOrSizeSplits).fill((x!.shape[at] as number) / numOrSizeSplits)
      : (numOrSizeSplits as number[]);
  return sizes.map((size) => ({ shape: x!.shape.with(at, size), dtype: x!.dtype }));
};

const slice: ShapeRule = ({ x }, { begin, size }) => {
  const [, sizes] = tf.slice_util.parseSliceParams(
    { shape: [...x!.shape], rank: x!.shape.length } as unknown as tf.Tensor,
    begin as number[],
    size as number[],
  );
  return [{ shape: sizes as number[], dtype: x!.dtype }];
};

const conv: ShapeRule = ({ x, filter }, attrs) => [
  { shape: convInfo(x!.shape, filter!.shape, attrs, false).outShape, dtype: 'float32' },
];

const depthwise: ShapeRule = ({ x, filter }, attrs) => [
  { shape: convInfo(x!.shape, filter!.shape, attrs, true).outShape, dtype: 'float32' },
];

const fromAttr =
  (name: string, input?: string): ShapeRule =>
  (inputs, attrs) => [
    {
      shape: attrs[name] as number[],
      dtype: (input ? inputs[input]!.dtype : (attrs.dtype as DataType)) ?? 'float32',
    },
  ];

const rules: Record<string, ShapeRule> = {
  BatchMatMul: matMul,
  Cast: ({ x }, { dtype }) => [{ shape: x!.shape, dtype: dtype as DataType }],
  Concat: concat,
  Conv2D: conv,
  Conv2DBackpropFilter: fromAttr('filterShape', 'x'),
  Conv2DBackpropInput: fromAttr('inputShape', 'dy'),
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2dNativeBackpropFilter: fromAttr('filterShape', 'x'),
  DepthwiseConv2dNativeBackpropInput: fromAttr('inputShape', 'dy'),
  ExpandDims: ({ input }, { dim }) => {
    const at = (dim as number) < 0 ? input!.shape.length + (dim as number) + 1 : (dim as number);
    return [{ shape: input!.shape.toSpliced(at, 0, 1), dtype: input!.dtype }];
  },
  Fill: fromAttr('shape'),
  GatherV2: ({ x, indices }, { axis }) => {
    const at = tf.util.parseAxisParam(axis as number, [...x!.shape])[0] as number;
    return [{ shape: x!.shape.toSpliced(at, 1, ...indices!.shape), dtype: x!.dtype }];
  },
  OneHot: ({ indices }, { depth, dtype }) => [
    { shape: [...indices!.shape, depth as number], dtype: (dtype as DataType) ?? 'int32' },
  ],
  Pack: (inputs, { axis }) => {
    const parts = Object.values(inputs);
    const first = parts[0] as Value;
    const at = (axis as number) < 0 ? first.shape.length + 1 + (axis as number) : (axis as number);
    return [{ shape: first.shape.toSpliced(at, 0, parts.length), dtype: first.dtype }];
  },
  PadV2: ({ x }, { paddings }) => [
    {
      shape: x!.shape.map((n, i) => {
        const [before, after] = (paddings as [number, number][])[i]!;
        return n + before + after;
      }),
      dtype: x!.dtype,
    },
  ],
  Reshape: ({ x }, { shape }) => [
    {
      shape: tf.util.inferFromImplicitShape(shape as number[], sizeOf(x!.shape)),
      dtype: x!.dtype,
    },
  ],
  Select: ({ t }) => [{ shape: t!.shape, dtype: t!.dtype }],
  Slice: slice,
  Softmax: like('logits'),
  LogSoftmax: like('logits'),
  SplitV: split,
  Tile: ({ x }, { reps }) => [
    { shape: x!.shape.map((n, i) => n * (reps as number[])[i]!), dtype: x!.dtype },
  ],
  TopK: ({ x }, { k }) => {
    const shape = x!.shape.with(-1, k as number);
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: 'int32' },
    ];
  },
  Transpose: ({ x }, { perm }) => [
    { shape: (perm as number[]).map((axis) => x!.shape[axis]!), dtype: x!.dtype },
  ],
  Cumsum: like('x'),
  Unpack: ({ value }, { axis }) => {
    const at = tf.util.parseAxisParam(axis as number, [...value!.shape])[0] as number;
    const part = { shape: value!.shape.toSpliced(at, 1), dtype: value!.dtype };
    return Array<Spec>(value!.shape[at]!).fill(part);
  },
};

for (const kernel of [
  'Add',
  'Sub',
  'Multiply',
  'RealDiv',
  'Maximum',
  'Minimum',
  'Pow',
  'Prelu',
  'SquaredDifference',
  'FloorDiv',
  'Mod',
])
  rules[kernel] = broadcast();

for (const kernel of [
  'Equal',
  'NotEqual',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'LogicalAnd',
  'LogicalOr',
])
  rules[kernel] = broadcast('bool');

for (const kernel of [
  'Abs',
  'Ceil',
  'ClipByValue',
  'Cos',
  'Elu',
  'Erf',
  'Exp',
  'Expm1',
  'Floor',
  'Identity',
  'LeakyRelu',
  'Log',
  'Log1p',
  'Neg',
  'OnesLike',
  'Reciprocal',
  'Relu',
  'Relu6',
  'Round',
  'Rsqrt',
  'Sigmoid',
  'Sign',
  'Sin',
  'Softplus',
  'Sqrt',
  'Square',
  'Step',
  'Tanh',
  'ZerosLike',
])
  rules[kernel] = like('x');

rules.LogicalNot = like('x', 'bool');

for (const kernel of ['Sum', 'Mean', 'Max', 'Min', 'Prod']) rules[kernel] = reduce();

for (const kernel of ['ArgMax', 'ArgMin']) rules[kernel] = reduce('int32');

for (const kernel of ['All', 'Any']) rules[kernel] = reduce('bool');

/** The shape rule of every kernel of TensorFlow.js that can be traced. */
export const shapeRules: ReadonlyMap<string, ShapeRule> = new Map(Object.entries(rules));
