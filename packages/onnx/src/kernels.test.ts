import {
  createEagerEngine,
  type Engine,
  Generator,
  type NdArray,
  type Tensor,
  tf,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { OnnxEngine } from './engine.ts';

const array = (shape: number[], seed = 1): NdArray => {
  const generator = new Generator(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype: 'float32', shape, data: new Float32Array(size).map(() => generator.normal()) };
};

const integers = (...values: number[]): NdArray => ({
  dtype: 'int32',
  shape: [values.length],
  data: Int32Array.from(values),
});

type Op = (x: Tensor, y: Tensor, i: Tensor) => Tensor | Tensor[];
const positive = (x: Tensor) => tf.add(tf.abs(x), 0.5);

/** Every kernel with an ONNX form, called with x [2, 3, 4], y [4] and i [3] = (2, 0, 1). */
const ops: Record<string, Op> = {
  abs: (x) => tf.abs(x),
  add: (x, y) => tf.add(x, y),
  'add to a full constant': (x) => tf.add(x, tf.ones([2, 3, 4])),
  argMax: (x) => tf.argMax(x, 1),
  argMin: (x) => tf.argMin(x, -1),
  'batched product': (x) => tf.matMul(x as tf.Tensor3D, x as tf.Tensor3D, false, true),
  'batched product, transposed': (x) => tf.matMul(x as tf.Tensor3D, x as tf.Tensor3D, true, false),
  cast: (x) => [tf.cast(x, 'int32'), tf.cast(tf.greater(x, 0), 'float32')],
  ceil: (x) => tf.ceil(x),
  clip: (x) => tf.clipByValue(x, -0.5, 0.5),
  compare: (x, y) => [
    tf.equal(x, y),
    tf.greater(x, y),
    tf.greaterEqual(x, y),
    tf.less(x, y),
    tf.lessEqual(x, y),
  ],
  concat: (x) => tf.concat([x, x], 1),
  cos: (x) => tf.cos(x),
  cumsum: (x) => tf.cumsum(x, 2, true, false),
  div: (x, y) => tf.div(x, positive(y)),
  elu: (x) => tf.elu(x),
  erf: (x) => tf.erf(x),
  exp: (x) => tf.exp(x),
  expandDims: (x) => tf.expandDims(x, 1),
  fill: (x) => tf.add(tf.fill([3, 4], 2), tf.sum(x, 0)),
  floor: (x) => tf.floor(x),
  gather: (x, _y, i) => tf.gather(x, i as tf.Tensor1D, 1),
  log: (x) => [tf.log(positive(x)), tf.log1p(positive(x))],
  logSoftmax: (x) => tf.logSoftmax(x as tf.Tensor3D),
  logical: (x, y) => [
    tf.logicalAnd(tf.greater(x, 0), tf.greater(y, 0)),
    tf.logicalOr(tf.greater(x, 0), tf.greater(y, 0)),
    tf.logicalNot(tf.greater(x, 0)),
  ],
  max: (x) => [tf.max(x, 1), tf.min(x, [0, 2])],
  maximum: (x, y) => [tf.maximum(x, y), tf.minimum(x, y)],
  mean: (x) => [tf.mean(x), tf.mean(x, 1, true)],
  mul: (x, y) => tf.mul(x, y),
  neg: (x) => tf.neg(x),
  oneHot: (_x, _y, i) => tf.oneHot(i as tf.Tensor1D, 4),
  onesLike: (x) => [tf.onesLike(x), tf.zerosLike(x)],
  pad: (x) =>
    tf.pad(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 1],
      ],
      0.5,
    ),
  pow: (x) => tf.pow(positive(x), 1.7),
  prod: (x) => tf.prod(x, 2),
  reciprocal: (x) => tf.reciprocal(positive(x)),
  relu: (x) => [tf.relu(x), tf.relu6(tf.mul(x, 10))],
  reshape: (x) => tf.reshape(x, [6, -1]),
  round: (x) => tf.round(x),
  rsqrt: (x) => tf.rsqrt(positive(x)),
  select: (x, y) => tf.where(tf.greater(x, 0), x, tf.mul(tf.onesLike(x), y)),
  sigmoid: (x) => tf.sigmoid(x),
  sign: (x) => tf.sign(x),
  sin: (x) => tf.sin(x),
  slice: (x) => tf.slice(x, [0, 1, 1], [-1, 2, 2]),
  softmax: (x) => tf.softmax(x),
  softplus: (x) => tf.softplus(x),
  split: (x) => tf.split(x, [1, 3], -1),
  sqrt: (x) => tf.sqrt(positive(x)),
  square: (x, y) => [tf.square(x), tf.squaredDifference(x, y)],
  stack: (x) => [tf.stack([x, x], 1), ...tf.unstack(x, 1)],
  step: (x) => tf.step(x, 0.25),
  sub: (x, y) => tf.sub(x, y),
  sum: (x) => [tf.sum(x), tf.sum(x, [0, 1]), tf.sum(x, -1, true)],
  tanh: (x) => tf.tanh(x),
  tile: (x) => tf.tile(x, [1, 2, 3]),
  topk: (x) => Object.values(tf.topk(x, 2)) as Tensor[],
  transpose: (x) => tf.transpose(x, [2, 0, 1]),
  'constants alone': () => tf.mul(tf.sum(tf.ones([2, 2]), 0), tf.fill([2], 3)),
  'a constant scalar': () => [tf.zerosLike(tf.scalar(3)), tf.scalar(2)],
  'the same value twice': (x) => {
    const y = tf.exp(x);
    return [y, y, tf.neg(y)];
  },
  'small times a full constant': (x) => tf.mul(tf.sum(x, 2, true), tf.ones([2, 3, 4])),
};

async function run(engine: Engine, op: Op): Promise<NdArray[]> {
  const step = engine.compile('op', ({ inputs }) => {
    const result = op(inputs.x!, inputs.y!, inputs.i!);
    const list = Array.isArray(result) ? result : [result];
    return { outputs: Object.fromEntries(list.map((t, k) => [`o${k}`, t])) };
  });
  const outputs = await step({ x: array([2, 3, 4]), y: array([4], 2), i: integers(2, 0, 1) });
  await step.dispose();
  return Object.values(outputs);
}

describe('each kernel gives what TensorFlow.js gives', () => {
  test.each(Object.entries(ops))('%s', async (_, op) => {
    const actual = await run(new OnnxEngine(), op);
    const expected = await run(await createEagerEngine({ backend: 'cpu' }), op);
    expect(actual.length).toBe(expected.length);
    expected.forEach(({ shape, dtype, data }, k) => {
      expect(actual[k]!.shape).toEqual(shape);
      expect(actual[k]!.dtype).toBe(dtype);
      data.forEach((value, i) => expect(actual[k]!.data[i]).toBeCloseTo(value, 4));
    });
  });
});
