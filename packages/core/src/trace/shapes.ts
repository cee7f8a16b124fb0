import { type DataType, sizeOf } from '../ground/array.ts';
import { convInfo } from '../tensor/conv-info.ts';
import { tf } from '../tensor/tf.ts';
import type { Value } from './graph.ts';

export interface Spec {
  shape: readonly number[];
  dtype: DataType;
}

/**
 * Shape and type of each output of a kernel.
 *
 * @typeParam I names of its inputs
 * @typeParam A its attributes, as TensorFlow.js names them
 */
type ShapeRule<I extends string = 'x', A = object> = (
  inputs: Readonly<Record<I, Value>>,
  attrs: A,
) => Spec[];

const like =
  <I extends string>(name: I, dtype?: DataType): ShapeRule<I> =>
  ({ [name]: x }) => [{ shape: x.shape, dtype: dtype ?? x.dtype }];

const broadcast =
  (dtype?: DataType): ShapeRule<'a' | 'b'> =>
  ({ a, b }) => [
    {
      shape: tf.broadcast_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]),
      dtype: dtype ?? (a.dtype === 'float32' || b.dtype === 'float32' ? 'float32' : a.dtype),
    },
  ];

const prelu: ShapeRule<'x' | 'alpha'> = ({ x, alpha }, attrs) =>
  broadcast()({ a: x, b: alpha }, attrs);

const axesOf = (x: Value, axis?: number | number[]) =>
  tf.util.parseAxisParam(axis as number[], [...x.shape]);

const axisOf = (x: Value, axis: number) => axesOf(x, axis)[0] as number;

/** Max alone calls its axes `reductionIndices`. */
interface Reduction {
  axis?: number | number[];
  reductionIndices?: number | number[];
  keepDims?: boolean;
}

const reduce =
  (dtype?: DataType): ShapeRule<'x', Reduction> =>
  ({ x }, { axis, reductionIndices, keepDims }) => {
    const axes = new Set(axesOf(x, axis ?? reductionIndices ?? undefined));
    const shape = keepDims
      ? x.shape.map((n, i) => (axes.has(i) ? 1 : n))
      : x.shape.filter((_, i) => !axes.has(i));
    return [{ shape, dtype: dtype ?? x.dtype }];
  };

const matMul: ShapeRule<'a' | 'b', tf.BatchMatMulAttrs> = (
  { a, b },
  { transposeA, transposeB },
) => {
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  );
  const rows = a.shape.at(transposeA ? -1 : -2) as number;
  const columns = b.shape.at(transposeB ? -2 : -1) as number;
  return [{ shape: [...batch, rows, columns], dtype: 'float32' }];
};

const concat: ShapeRule<string, tf.ConcatAttrs> = (inputs, { axis }) => {
  const parts = Object.values(inputs);
  const first = parts[0] as Value;
  const at = axisOf(first, axis);
  const size = parts.reduce((sum, part) => sum + (part.shape[at] as number), 0);
  return [{ shape: first.shape.with(at, size), dtype: first.dtype }];
};

const split: ShapeRule<'x', tf.SplitVAttrs> = ({ x }, { axis, numOrSizeSplits }) => {
  const at = axisOf(x, axis);
  const sizes =
    typeof numOrSizeSplits === 'number'
      ? Array<number>(numOrSizeSplits).fill((x.shape[at] as number) / numOrSizeSplits)
      : numOrSizeSplits;
  return sizes.map((size) => ({ shape: x.shape.with(at, size), dtype: x.dtype }));
};

const slice: ShapeRule<'x', tf.SliceAttrs> = ({ x }, { begin, size }) => {
  const [, shape] = tf.slice_util.parseSliceParams(
    { shape: [...x.shape], rank: x.shape.length } as unknown as tf.Tensor,
    begin,
    size,
  ) as [number[], number[]];
  return [{ shape, dtype: x.dtype }];
};

const conv =
  (isDepthwise: boolean): ShapeRule<'x' | 'filter', Readonly<Record<string, unknown>>> =>
  ({ x, filter }, attrs) => {
    const info = convInfo({ x: x.shape, filter: filter.shape, attrs, isDepthwise });
    return [{ shape: info.outShape, dtype: 'float32' }];
  };

const filterGradient: ShapeRule<'x' | 'dy', { filterShape: number[] }> = ({ x }, attrs) => [
  { shape: attrs.filterShape, dtype: x.dtype },
];

const inputGradient: ShapeRule<'dy' | 'filter', { inputShape: number[] }> = ({ dy }, attrs) => [
  { shape: attrs.inputShape, dtype: dy.dtype },
];

const cast: ShapeRule<'x', { dtype: DataType }> = ({ x }, { dtype }) => [{ shape: x.shape, dtype }];

const expandDims: ShapeRule<'input', tf.ExpandDimsAttrs> = ({ input }, { dim }) => {
  const at = dim < 0 ? input.shape.length + dim + 1 : dim;
  return [{ shape: input.shape.toSpliced(at, 0, 1), dtype: input.dtype }];
};

const fill: ShapeRule<never, { shape: number[]; dtype?: DataType }> = (_, { shape, dtype }) => [
  { shape, dtype: dtype ?? 'float32' },
];

const gather: ShapeRule<'x' | 'indices', tf.GatherV2Attrs> = ({ x, indices }, { axis }) => [
  { shape: x.shape.toSpliced(axisOf(x, axis), 1, ...indices.shape), dtype: x.dtype },
];

const oneHot: ShapeRule<'indices', { depth: number; dtype?: DataType }> = (
  { indices },
  { depth, dtype },
) => [{ shape: [...indices.shape, depth], dtype: dtype ?? 'int32' }];

const pack: ShapeRule<string, tf.PackAttrs> = (inputs, { axis }) => {
  const parts = Object.values(inputs);
  const first = parts[0] as Value;
  const at = axis < 0 ? first.shape.length + 1 + axis : axis;
  return [{ shape: first.shape.toSpliced(at, 0, parts.length), dtype: first.dtype }];
};

const pad: ShapeRule<'x', tf.PadV2Attrs> = ({ x }, { paddings }) => {
  const shape = paddings.map(([before, after], i) => (x.shape[i] as number) + before + after);
  return [{ shape, dtype: x.dtype }];
};

const reshape: ShapeRule<'x', tf.ReshapeAttrs> = ({ x }, { shape }) => [
  { shape: tf.util.inferFromImplicitShape(shape, sizeOf(x.shape)), dtype: x.dtype },
];

const tile: ShapeRule<'x', tf.TileAttrs> = ({ x }, { reps }) => [
  { shape: reps.map((n, i) => n * (x.shape[i] as number)), dtype: x.dtype },
];

const topK: ShapeRule<'x', tf.TopKAttrs> = ({ x }, { k }) => {
  const shape = x.shape.with(-1, k);
  return [
    { shape, dtype: x.dtype },
    { shape, dtype: 'int32' },
  ];
};

const transpose: ShapeRule<'x', tf.TransposeAttrs> = ({ x }, { perm }) => [
  { shape: perm.map((axis) => x.shape[axis] as number), dtype: x.dtype },
];

const unpack: ShapeRule<'value', tf.UnpackAttrs> = ({ value }, { axis }) => {
  const at = axisOf(value, axis);
  const part = { shape: value.shape.toSpliced(at, 1), dtype: value.dtype };
  return Array<Spec>(value.shape[at] as number).fill(part);
};

/** A rule whose inputs and attributes are those of the call at hand. */
type AnyShapeRule = (inputs: never, attrs: never) => Spec[];

const rules: Record<string, AnyShapeRule> = {
  BatchMatMul: matMul,
  Cast: cast,
  Concat: concat,
  Conv2D: conv(false),
  Conv2DBackpropFilter: filterGradient,
  Conv2DBackpropInput: inputGradient,
  Cumsum: like('x'),
  DepthwiseConv2dNative: conv(true),
  DepthwiseConv2dNativeBackpropFilter: filterGradient,
  DepthwiseConv2dNativeBackpropInput: inputGradient,
  ExpandDims: expandDims,
  Fill: fill,
  GatherV2: gather,
  LogSoftmax: like('logits'),
  OneHot: oneHot,
  Pack: pack,
  PadV2: pad,
  Prelu: prelu,
  Reshape: reshape,
  Select: like('t'),
  Slice: slice,
  Softmax: like('logits'),
  SplitV: split,
  Tile: tile,
  TopK: topK,
  Transpose: transpose,
  Unpack: unpack,
};

for (const kernel of [
  'Add',
  'Sub',
  'Multiply',
  'RealDiv',
  'Maximum',
  'Minimum',
  'Pow',
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
export const shapeRules: ReadonlyMap<
  string,
  (inputs: Readonly<Record<string, Value>>, attrs: object) => Spec[]
> = new Map(Object.entries(rules as Record<string, ShapeRule<string>>));
