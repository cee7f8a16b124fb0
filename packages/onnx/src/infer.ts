import { sizeOf, tf } from '@kcr/core';
import { MICROSOFT, NCHWC } from './domains.ts';
import { DATA_TYPES, type OnnxNode, type OnnxType } from './proto.ts';

/** What is known of a value for one size of the batch. */
export interface Known {
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
  /** The numbers of a small list of integers, such as a shape. */
  readonly ints?: readonly number[];
}

type Inputs = readonly (Known | undefined)[];

/** What a node gives; undefined where that follows from its inputs' values. */
type Rule = (inputs: readonly Known[], node: OnnxNode) => readonly Known[] | undefined;

/** Lists of integers up to this length are followed through nodes. */
export const FEW = 64;

const numberOf = ({ attributes }: OnnxNode, name: string, absent: number): number => {
  const value = attributes[name];
  return typeof value === 'number' ? value : absent;
};

const listOf = ({ attributes }: OnnxNode, name: string): readonly number[] | undefined => {
  const value = attributes[name];
  return Array.isArray(value) ? (value as readonly number[]) : undefined;
};

const axisIn = ({ shape }: Known, axis: number) => (axis < 0 ? axis + shape.length : axis);

const like: Rule = ([x]) => [{ dtype: x!.dtype, shape: x!.shape }];

/** @param shapes of arrays that broadcast */
const broadcast = (shapes: readonly (readonly number[])[]): number[] =>
  shapes.reduce<number[]>(
    (one, other) => tf.broadcast_util.assertAndGetBroadcastShape(one, [...other]),
    [],
  );

const elementwise =
  (dtype?: OnnxType, compute?: (a: number, b: number) => number): Rule =>
  (inputs) => {
    const [a, b] = inputs as [Known, Known | undefined];
    const shape = broadcast(inputs.map((x) => x.shape));
    const ints =
      compute && a.ints?.length === 1 && b?.ints?.length === 1
        ? [compute(a.ints[0]!, b.ints[0]!)]
        : undefined;
    return [{ dtype: dtype ?? a.dtype, shape, ints }];
  };

const reduce: Rule = ([x, given], node) => {
  const listed = given?.ints ?? listOf(node, 'axes') ?? x!.shape.map((_, i) => i);
  const axes = new Set(listed.map((axis) => axisIn(x!, axis)));
  const kept = numberOf(node, 'keepdims', 1) === 1;
  const shape = kept
    ? x!.shape.map((n, i) => (axes.has(i) ? 1 : n))
    : x!.shape.filter((_, i) => !axes.has(i));
  return [{ dtype: x!.dtype, shape }];
};

const argReduce: Rule = ([x], node) => {
  const axis = axisIn(x!, numberOf(node, 'axis', 0));
  const shape =
    numberOf(node, 'keepdims', 1) === 1 ? x!.shape.with(axis, 1) : x!.shape.toSpliced(axis, 1);
  return [{ dtype: 'int64', shape }];
};

const matMul: Rule = ([a, b]) => {
  const batch = broadcast([a!.shape.slice(0, -2), b!.shape.slice(0, -2)]);
  return [{ dtype: a!.dtype, shape: [...batch, a!.shape.at(-2)!, b!.shape.at(-1)!] }];
};

const gemm: Rule = ([a, b], node) => {
  const rows = a!.shape[numberOf(node, 'transA', 0) ? 1 : 0]!;
  const columns = b!.shape[numberOf(node, 'transB', 0) ? 0 : 1]!;
  return [{ dtype: a!.dtype, shape: [rows, columns] }];
};

const conv: Rule = ([x, filter], node) => {
  const space = x!.shape.slice(2);
  const pads = listOf(node, 'pads') ?? space.flatMap(() => [0, 0]);
  const out = space.map((n, i) => {
    const reach = (filter!.shape[i + 2]! - 1) * (listOf(node, 'dilations')?.[i] ?? 1) + 1;
    const room = n + pads[i]! + pads[i + space.length]! - reach;
    return Math.floor(room / (listOf(node, 'strides')?.[i] ?? 1)) + 1;
  });
  return [{ dtype: x!.dtype, shape: [x!.shape[0]!, filter!.shape[0]!, ...out] }];
};

const convTranspose: Rule = ([x, filter], node) => {
  const space = x!.shape.slice(2);
  const pads = listOf(node, 'pads') ?? space.flatMap(() => [0, 0]);
  const out = space.map((n, i) => {
    const reach = (filter!.shape[i + 2]! - 1) * (listOf(node, 'dilations')?.[i] ?? 1) + 1;
    const more = listOf(node, 'output_padding')?.[i] ?? 0;
    const whole = (listOf(node, 'strides')?.[i] ?? 1) * (n - 1) + more + reach;
    return whole - pads[i]! - pads[i + space.length]!;
  });
  const channels = filter!.shape[1]! * numberOf(node, 'group', 1);
  return [{ dtype: x!.dtype, shape: [x!.shape[0]!, channels, ...out] }];
};

const layerNorm: Rule = ([x], node) => {
  const axis = axisIn(x!, numberOf(node, 'axis', -1));
  const shape = x!.shape.map((n, i) => (i < axis ? n : 1));
  const statistic = { dtype: x!.dtype, shape };
  return [{ dtype: x!.dtype, shape: x!.shape }, statistic, statistic];
};

const topK: Rule = ([x, k], node) => {
  if (!k?.ints) return undefined;
  const shape = x!.shape.with(axisIn(x!, numberOf(node, 'axis', -1)), k.ints[0]!);
  return [
    { dtype: x!.dtype, shape },
    { dtype: 'int64', shape },
  ];
};

const gather: Rule = ([x, indices], node) => {
  const axis = axisIn(x!, numberOf(node, 'axis', 0));
  const ints = indices!.ints?.map((i) => x!.ints?.at(i));
  return [
    {
      dtype: x!.dtype,
      shape: x!.shape.toSpliced(axis, 1, ...indices!.shape),
      ints: ints?.every((n) => n !== undefined) ? ints : undefined,
    },
  ];
};

const gatherND: Rule = ([x, indices], node) => {
  const first = numberOf(node, 'batch_dims', 0);
  const rest = x!.shape.slice(first + indices!.shape.at(-1)!);
  return [{ dtype: x!.dtype, shape: [...indices!.shape.slice(0, -1), ...rest] }];
};

const concat: Rule = (inputs, node) => {
  const [first] = inputs as [Known];
  const axis = axisIn(first, numberOf(node, 'axis', 0));
  const size = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  const ints = inputs.every((x) => x.ints) ? inputs.flatMap((x) => x.ints!) : undefined;
  return [{ dtype: first.dtype, shape: first.shape.with(axis, size), ints }];
};

const split: Rule = ([x, sizes], node) => {
  const axis = axisIn(x!, numberOf(node, 'axis', 0));
  return sizes?.ints?.map((size) => ({ dtype: x!.dtype, shape: x!.shape.with(axis, size) }));
};

const slice: Rule = ([x, starts, ends, axes, steps]) => {
  if (!starts?.ints || !ends?.ints) return undefined;
  const shape = [...x!.shape];
  starts.ints.forEach((start, i) => {
    const axis = axisIn(x!, axes?.ints?.[i] ?? i);
    const step = steps?.ints?.[i] ?? 1;
    const n = x!.shape[axis]!;
    const place = (at: number, low: number, high: number) =>
      Math.min(Math.max(at < 0 ? at + n : at, low), high);
    const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
    // An end of -1 - n stands before the first, which cannot be said from the front.
    const [from, to] = [place(start, low, high), place(ends.ints![i]!, low, high)];
    shape[axis] = Math.max(0, Math.ceil((to - from) / step));
  });
  return [{ dtype: x!.dtype, shape }];
};

const pad: Rule = ([x, pads]) => {
  const rank = x!.shape.length;
  if (!pads?.ints) return undefined;
  const shape = x!.shape.map((n, i) => n + pads.ints![i]! + pads.ints![i + rank]!);
  return [{ dtype: x!.dtype, shape }];
};

const expand: Rule = ([x, target]) =>
  target?.ints && [{ dtype: x!.dtype, shape: broadcast([x!.shape, target.ints]) }];

const tile: Rule = ([x, reps]) =>
  reps?.ints && [{ dtype: x!.dtype, shape: x!.shape.map((n, i) => n * reps.ints![i]!) }];

const reshape: Rule = ([x, target]) => {
  if (!target?.ints) return undefined;
  const given = target.ints.map((n, i) => (n === 0 ? x!.shape[i]! : n));
  const rest = sizeOf(x!.shape) / sizeOf(given.filter((n) => n >= 0));
  return [{ dtype: x!.dtype, shape: given.map((n) => (n < 0 ? rest : n)), ints: x!.ints }];
};

const squeeze: Rule = ([x, axes]) => {
  if (!axes?.ints) return undefined;
  const gone = new Set(axes.ints.map((axis) => axisIn(x!, axis)));
  return [{ dtype: x!.dtype, shape: x!.shape.filter((_, i) => !gone.has(i)), ints: x!.ints }];
};

const unsqueeze: Rule = ([x, axes]) => {
  if (!axes?.ints) return undefined;
  const rank = x!.shape.length + axes.ints.length;
  const added = new Set(axes.ints.map((axis) => (axis < 0 ? axis + rank : axis)));
  const old = [...x!.shape];
  const shape = Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : old.shift()!));
  return [{ dtype: x!.dtype, shape, ints: x!.ints }];
};

const transpose: Rule = ([x], node) => {
  const perm = listOf(node, 'perm') ?? x!.shape.map((_, i) => i).reverse();
  return [{ dtype: x!.dtype, shape: perm.map((axis) => x!.shape[axis]!) }];
};

const dynamicQuantize: Rule = ([x]) => [
  { dtype: 'uint8', shape: x!.shape },
  { dtype: 'float32', shape: [] },
  { dtype: 'uint8', shape: [] },
];

const shapeOf: Rule = ([x], node) => {
  const ints = x!.shape.slice(numberOf(node, 'start', 0), numberOf(node, 'end', x!.shape.length));
  return [{ dtype: 'int64', shape: [ints.length], ints }];
};

const cast: Rule = ([x], node) => {
  const to = Object.entries(DATA_TYPES).find(([, code]) => code === node.attributes.to);
  return to && [{ ...x!, dtype: to[0] as OnnxType }];
};

const fusedMatMul: Rule = ([a, b], node) => {
  const turned = ({ dtype, shape }: Known, by: string): Known => {
    const [rows, columns] = shape.slice(-2) as [number, number];
    const turn = numberOf(node, by, 0) !== 0;
    return { dtype, shape: turn ? [...shape.slice(0, -2), columns, rows] : shape };
  };
  return matMul([turned(a!, 'transA'), turned(b!, 'transB')], node);
};

/** From channels last, or from images as they are, into the blocked layout, whose shape is that of channels first. */
const reorderInput: Rule = ([x], node) => {
  const [n, ...rest] = x!.shape as [number, ...number[]];
  const shape = numberOf(node, 'channels_last', 0)
    ? [n, rest.at(-1)!, ...rest.slice(0, -1)]
    : x!.shape;
  return [{ dtype: x!.dtype, shape }];
};

const reorderOutput: Rule = ([x], node) => {
  const [n, , ...space] = x!.shape as [number, number, ...number[]];
  const channels = numberOf(node, 'channels', 0);
  const last = numberOf(node, 'channels_last', 0) !== 0;
  return [{ dtype: x!.dtype, shape: last ? [n, ...space, channels] : [n, channels, ...space] }];
};

const globalPool: Rule = ([x]) => [
  { dtype: x!.dtype, shape: x!.shape.map((size, i) => (i < 2 ? size : 1)) },
];

const counted: Rule = ([start, limit, delta]) => {
  if (!start?.ints || !limit?.ints || !delta?.ints) return undefined;
  const [from, to, by] = [start.ints[0]!, limit.ints[0]!, delta.ints[0]!];
  const length = Math.max(0, Math.ceil((to - from) / by));
  const ints = length > FEW ? undefined : Array.from({ length }, (_, i) => from + i * by);
  return [{ dtype: start.dtype, shape: [length], ints }];
};

const roiAlign: Rule = ([x, regions], node) => {
  const size = ['output_height', 'output_width'].map((name) => numberOf(node, name, 1));
  return [{ dtype: x!.dtype, shape: [regions!.shape[0]!, x!.shape[1]!, ...size] }];
};

const rulesByOp: readonly (readonly [Rule, string])[] = [
  [like, 'Abs Ceil Clip Cos CumSum Elu Erf Exp Floor Gelu HardSigmoid HardSwish LeakyRelu Log'],
  [like, 'LogSoftmax Mish Neg Not Reciprocal Relu Round ScatterND Sigmoid Sign Sin Softmax'],
  [like, 'Softplus Sqrt Tanh'],
  [([x]) => [x!], 'Identity'],
  [elementwise(), 'Div Max Min Mod Pow PRelu Sub'],
  [elementwise(undefined, (a, b) => a + b), 'Add'],
  [elementwise(undefined, (a, b) => a * b), 'Mul'],
  [elementwise('bool'), 'And Equal Greater GreaterOrEqual Less LessOrEqual Or Xor'],
  [([condition, a, b], node) => elementwise(a!.dtype)([a!, b!, condition!], node), 'Where'],
  [reduce, 'ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum'],
  [argReduce, 'ArgMax ArgMin'],
  [matMul, 'MatMul'],
  [
    (inputs, node) => matMul(inputs, node)!.map((y) => ({ ...y, dtype: 'int32' as const })),
    'MatMulInteger',
  ],
  [dynamicQuantize, 'DynamicQuantizeLinear'],
  [([x, , zero]) => [{ dtype: zero?.dtype ?? 'uint8', shape: x!.shape }], 'QuantizeLinear'],
  [([x, scale]) => [{ dtype: scale!.dtype, shape: x!.shape }], 'DequantizeLinear'],
  [gemm, 'Gemm'],
  [conv, 'Conv'],
  [convTranspose, 'ConvTranspose'],
  [layerNorm, 'LayerNormalization'],
  [topK, 'TopK'],
  [gather, 'Gather'],
  [([x, indices]) => [{ dtype: x!.dtype, shape: indices!.shape }], 'GatherElements'],
  [gatherND, 'GatherND'],
  [concat, 'Concat'],
  [split, 'Split'],
  [slice, 'Slice'],
  [pad, 'Pad'],
  [expand, 'Expand'],
  [tile, 'Tile'],
  [reshape, 'Reshape'],
  [squeeze, 'Squeeze'],
  [unsqueeze, 'Unsqueeze'],
  [transpose, 'Transpose'],
  [shapeOf, 'Shape'],
  [cast, 'Cast'],
  [counted, 'Range'],
  [roiAlign, 'RoiAlign'],
];

/** Those of ONNX Runtime's own operator sets that are written here, by domain. */
const runtimeRules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  [MICROSOFT]: { FusedMatMul: fusedMatMul, QuickGelu: like },
  [NCHWC]: {
    Conv: conv,
    GlobalAveragePool: globalPool,
    ReorderInput: reorderInput,
    ReorderOutput: reorderOutput,
  },
};

const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  '': Object.fromEntries(
    rulesByOp.flatMap(([rule, ops]) => ops.split(' ').map((op) => [op, rule] as const)),
  ),
  ...runtimeRules,
};

/**
 * Types and shapes of what a node of ONNX' own or of ONNX Runtime's gives, for one size of the batch.
 *
 * @param inputs undefined: nothing is known of it, or it is left out
 * @returns undefined where the op is not known here, or shapes follow from values
 */
export function infer(node: OnnxNode, inputs: Inputs): readonly Known[] | undefined {
  const rule = rules[node.domain]?.[node.op];
  const missing = inputs.some((x, i) => !x && node.inputs[i] !== '');
  if (!rule || missing) return undefined;
  return rule(inputs as readonly Known[], node);
}
