import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { type DataType, sizeOf } from '../ground/array.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { shapeRules } from './shapes.ts';
import { trace } from './tracer.ts';

interface Case {
  /** Shapes of the inputs, or shape and type where it is not float32. */
  inputs: (number[] | [number[], DataType])[];
  run(...inputs: Tensor[]): Tensor | Tensor[];
}

const int = (...shape: number[]): [number[], DataType] => [shape, 'int32'];
const bool = (...shape: number[]): [number[], DataType] => [shape, 'bool'];

const binary = {
  Add: tf.add,
  Sub: tf.sub,
  Multiply: tf.mul,
  RealDiv: tf.div,
  Maximum: tf.maximum,
  Minimum: tf.minimum,
  Pow: tf.pow,
  Prelu: tf.prelu,
  SquaredDifference: tf.squaredDifference,
  Mod: tf.mod,
  Equal: tf.equal,
  NotEqual: tf.notEqual,
  Greater: tf.greater,
  GreaterEqual: tf.greaterEqual,
  Less: tf.less,
  LessEqual: tf.lessEqual,
} as Record<string, (a: Tensor, b: Tensor) => Tensor>;

const unary = {
  Abs: tf.abs,
  Ceil: tf.ceil,
  ClipByValue: (x) => tf.clipByValue(x, 0, 1),
  Cos: tf.cos,
  Elu: tf.elu,
  Erf: tf.erf,
  Exp: tf.exp,
  Expm1: tf.expm1,
  Floor: tf.floor,
  LeakyRelu: (x) => tf.leakyRelu(x, 0.1),
  Log: tf.log,
  Log1p: tf.log1p,
  Neg: tf.neg,
  OnesLike: tf.onesLike,
  Reciprocal: tf.reciprocal,
  Relu: tf.relu,
  Relu6: tf.relu6,
  Round: tf.round,
  Rsqrt: tf.rsqrt,
  Sigmoid: tf.sigmoid,
  Sign: tf.sign,
  Sin: tf.sin,
  Softplus: tf.softplus,
  Sqrt: tf.sqrt,
  Square: tf.square,
  Step: (x) => tf.step(x),
  Tanh: tf.tanh,
  ZerosLike: tf.zerosLike,
  Softmax: (x) => tf.softmax(x),
  LogSoftmax: (x) => tf.logSoftmax(x),
  Cumsum: (x) => tf.cumsum(x, 1),
} as Record<string, (x: Tensor) => Tensor>;

const reductions = {
  Sum: tf.sum,
  Mean: tf.mean,
  Max: tf.max,
  Min: tf.min,
  Prod: tf.prod,
} as Record<string, (x: Tensor, axis?: number | number[], keepDims?: boolean) => Tensor>;

const conv = (x: Tensor, filter: Tensor, stride: number, pad: 'same' | 'valid' | number) =>
  tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad);
const depthwise = (x: Tensor, filter: Tensor, pad: 'same' | number) =>
  tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, pad);
/** Gradients of a sum with respect to both inputs. */
const gradients = (run: (x: Tensor, w: Tensor) => Tensor) => (x: Tensor, w: Tensor) =>
  tf.grads((a: Tensor, b: Tensor) => tf.sum(run(a, b)))([x, w]);

const cases: Record<string, Case> = {
  ...Object.fromEntries(
    Object.entries(binary).flatMap(([name, run]) => [
      [
        `${name} of equal shapes`,
        {
          inputs: [
            [2, 3],
            [2, 3],
          ],
          run,
        },
      ],
      [
        `${name}, broadcast`,
        {
          inputs: [
            [4, 1, 3],
            [2, 1],
          ],
          run,
        },
      ],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(unary).map(([name, run]) => [name, { inputs: [[2, 3]], run }]),
  ),
  ...Object.fromEntries(
    Object.entries(reductions).flatMap(([name, run]) => [
      [`${name} of all`, { inputs: [[2, 3]], run: (x: Tensor) => run(x) }],
      [`${name} of axis -1`, { inputs: [[2, 3]], run: (x: Tensor) => run(x, -1) }],
      [`${name}, kept`, { inputs: [[2, 3, 4]], run: (x: Tensor) => run(x, [0, 2], true) }],
    ]),
  ),
  'sum of int32': { inputs: [int(2, 3)], run: (x) => tf.sum(x, 0) },
  'max of int32': { inputs: [int(2, 3)], run: (x) => tf.max(x, 1) },
  'FloorDiv of integers': { inputs: [int(3), int(2, 1)], run: (a, b) => tf.floorDiv(a, b) },
  'integers add up': { inputs: [int(3), int(2, 1)], run: (a, b) => tf.add(a, b) },
  'integers and floats': { inputs: [int(3), [2, 1]], run: (a, b) => tf.mul(a, b) },
  'integers are compared': { inputs: [int(3), int(3)], run: (a, b) => tf.less(a, b) },
  'absolute integers': { inputs: [int(3)], run: (x) => tf.abs(x) },
  ArgMax: { inputs: [[2, 3]], run: (x) => tf.argMax(x, 1) },
  ArgMin: { inputs: [[2, 3, 4]], run: (x) => tf.argMin(x, -2) },
  All: { inputs: [bool(2, 3)], run: (x) => tf.all(x, 1) },
  Any: { inputs: [bool(2, 3)], run: (x) => tf.any(x, 0, true) },
  LogicalAnd: { inputs: [bool(2, 3), bool(3)], run: (a, b) => tf.logicalAnd(a, b) },
  LogicalOr: { inputs: [bool(2, 3), bool(2, 1)], run: (a, b) => tf.logicalOr(a, b) },
  LogicalNot: { inputs: [bool(2)], run: (x) => tf.logicalNot(x) },
  Select: { inputs: [bool(2, 3), [2, 3], [2, 3]], run: (c, a, b) => tf.where(c, a, b) },
  MatMul: {
    inputs: [
      [2, 3],
      [3, 4],
    ],
    run: (a, b) => tf.matMul(a, b),
  },
  'MatMul, first transposed': {
    inputs: [
      [3, 2],
      [3, 4],
    ],
    run: (a, b) => tf.matMul(a, b, true),
  },
  'MatMul, second transposed': {
    inputs: [
      [5, 2, 3],
      [5, 4, 3],
    ],
    run: (a, b) => tf.matMul(a, b, false, true),
  },
  'MatMul, both transposed, broadcast': {
    inputs: [
      [1, 3, 2],
      [5, 4, 3],
    ],
    run: (a, b) => tf.matMul(a, b, true, true),
  },
  Cast: { inputs: [[2]], run: (x) => [tf.cast(x, 'int32'), tf.cast(x, 'bool')] },
  'Concat, axis 0': {
    inputs: [
      [2, 3],
      [4, 3],
    ],
    run: (a, b) => tf.concat([a, b], 0),
  },
  'Concat, axis -1': {
    inputs: [
      [2, 3],
      [2, 1],
    ],
    run: (a, b) => tf.concat([a, b, a], -1),
  },
  'SplitV into equal parts': { inputs: [[2, 6]], run: (x) => tf.split(x, 3, -1) },
  'SplitV into sizes': { inputs: [[5, 2]], run: (x) => tf.split(x, [1, 4], 0) },
  'Slice to the end': { inputs: [[4, 5]], run: (x) => tf.slice(x, [1, 2], [-1, 2]) },
  'Slice of the first axis': { inputs: [[4, 5]], run: (x) => tf.slice(x, 1, 2) },
  ExpandDims: { inputs: [[2, 3]], run: (x) => [0, 1, 2, -1].map((at) => tf.expandDims(x, at)) },
  Fill: { inputs: [], run: () => [tf.fill([2, 3], 5), tf.fill([2], 5, 'int32')] },
  'GatherV2, axis 1': {
    inputs: [[2, 5, 3], int(4)],
    run: (x, i) => tf.gather(x, i as tf.Tensor1D, 1),
  },
  'GatherV2 by a matrix': { inputs: [[5, 3], int(2, 4)], run: (x, i) => tf.gather(x, i) },
  OneHot: { inputs: [int(4)], run: (x) => tf.oneHot(x, 3) },
  Pack: {
    inputs: [
      [2, 3],
      [2, 3],
    ],
    run: (a, b) => [0, 1, 2, -1].map((at) => tf.stack([a, b], at)),
  },
  Unpack: { inputs: [[2, 3]], run: (x) => [...tf.unstack(x, 0), ...tf.unstack(x, -1)] },
  PadV2: {
    inputs: [[2, 3]],
    run: (x) =>
      tf.pad(x, [
        [0, 1],
        [2, 3],
      ]),
  },
  Reshape: { inputs: [[2, 6]], run: (x) => [tf.reshape(x, [3, -1]), tf.reshape(x, [12])] },
  Tile: { inputs: [[2, 3]], run: (x) => tf.tile(x, [3, 2]) },
  TopK: {
    inputs: [[2, 5]],
    run: (x) => {
      const { values, indices } = tf.topk(x, 2);
      return [values, indices];
    },
  },
  Transpose: { inputs: [[2, 3, 4]], run: (x) => tf.transpose(x, [2, 0, 1]) },
  'Conv2D, same': {
    inputs: [
      [1, 5, 6, 2],
      [3, 3, 2, 4],
    ],
    run: (x, w) => conv(x, w, 2, 'same'),
  },
  'Conv2D, valid': {
    inputs: [
      [2, 5, 6, 2],
      [3, 2, 2, 4],
    ],
    run: (x, w) => conv(x, w, 1, 'valid'),
  },
  'Conv2D, padded': {
    inputs: [
      [1, 5, 6, 2],
      [3, 3, 2, 4],
    ],
    run: (x, w) => conv(x, w, 2, 1),
  },
  DepthwiseConv2dNative: {
    inputs: [
      [1, 5, 6, 2],
      [3, 3, 2, 1],
    ],
    run: (x, w) => [depthwise(x, w, 'same'), depthwise(x, w, 1)],
  },
  'gradients of a convolution': {
    inputs: [
      [1, 5, 6, 2],
      [3, 3, 2, 4],
    ],
    run: gradients((x, w) => conv(x, w, 2, 1)),
  },
  'gradients of a depthwise convolution': {
    inputs: [
      [1, 5, 6, 2],
      [3, 3, 2, 1],
    ],
    run: gradients((x, w) => depthwise(x, w, 1)),
  },
};

const specOf = (input: Case['inputs'][number]): [number[], DataType] =>
  Array.isArray(input[0]) ? (input as [number[], DataType]) : [input as number[], 'float32'];

/** Shapes and types that TensorFlow.js' own kernels give, on numbers. */
const computed = ({ inputs, run }: Case) =>
  tf.tidy(() => {
    const tensors = inputs.map(specOf).map(([shape, dtype]) => {
      const ones = Array<number>(sizeOf(shape)).fill(1);
      return tf.tensor(ones, shape, dtype);
    });
    return [run(...tensors)].flat().map(({ shape, dtype }) => ({ shape, dtype }));
  });

const recorded = ({ inputs, run }: Case) =>
  trace(({ input }) => {
    const tensors = inputs.map(specOf).map(([shape, dtype], i) => input(`${i}`, shape, dtype));
    const outputs = [run(...tensors)].flat();
    return Object.fromEntries(outputs.map((tensor, i) => [i, tensor]));
  });

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

describe('the shapes and types are those that TensorFlow.js computes', () => {
  test.each(Object.entries(cases))('%s', (_, given) => {
    const values = Object.values(recorded(given).outputs);
    expect(values.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(computed(given));
  });
});

test('every rule has a case above', () => {
  const nodes = Object.values(cases).flatMap((given) => recorded(given).nodes);
  const met = new Set(nodes.map(({ kernel }) => kernel));
  // tf.logSoftmax is made of other kernels, and a clone is simplified away.
  const missing = [...shapeRules.keys()].filter((kernel) => !met.has(kernel));
  expect(missing).toEqual(['LogSoftmax', 'Identity']);
});

test('shapes that do not go together are refused while tracing', () => {
  const sum = () => trace(({ input }) => ({ y: tf.add(input('a', [2, 3]), input('b', [2])) }));
  expect(sum).toThrow(/broadcast/);
});
