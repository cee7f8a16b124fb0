import { expect, test } from 'vitest';
import { affine } from '../ops/affine.ts';
import { defineOp } from '../ops/op.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { graphMacs } from './graph.ts';
import { type TraceOptions, trace } from './tracer.ts';

/** x of [rows, width] by a matrix of [width, width], twice. */
const compute = ({ x, weight }: { x: Tensor; weight: Tensor }) =>
  tf.matMul(tf.matMul(x, weight), weight);
const silentOp = defineOp({ name: 'test/Silent', inputs: ['x', 'weight'], compute });
const countedOp = defineOp({
  name: 'test/Counted',
  inputs: ['x', 'weight'],
  compute,
  macs: ({ x, weight }) => 2 * x.shape[0]! * weight.shape[0]! ** 2,
});

const macs = (run: (x: Tensor, weight: Tensor) => Tensor, options?: TraceOptions) =>
  graphMacs(
    trace(({ input }) => ({ y: run(input('x', [5, 3]), input('weight', [3, 3])) }), options),
  );

const image = (x: Tensor, width: number, channels: number) =>
  tf.reshape(x, [1, 5, width, channels]) as tf.Tensor4D;

test.each([
  ['a product', (x: Tensor, w: Tensor) => tf.matMul(x, w), 5 * 3 * 3],
  ['a product of a transposed operand', (x: Tensor) => tf.matMul(x, x, true), 3 * 3 * 5],
  [
    'a batch of products',
    (x: Tensor) => tf.matMul(tf.stack([x, x]), tf.stack([x, x]), false, true),
    2 * 5 * 5 * 3,
  ],
  ['a dense layer', (x: Tensor, w: Tensor) => affine(x, w), 5 * 3 * 3],
  [
    'a convolution of 5 x 3 by 2 x 2',
    (x: Tensor) => tf.conv2d(image(x, 3, 1), tf.ones([2, 2, 1, 4]), 1, 'valid'),
    4 * 2 * 4 * (2 * 2),
  ],
  [
    'a depthwise convolution',
    (x: Tensor) => tf.depthwiseConv2d(image(x, 1, 3), tf.ones([2, 1, 3, 1]), 1, 'valid'),
    4 * 1 * 3 * 2,
  ],
  ['what multiplies no matrices', (x: Tensor) => tf.mul(x, x), 0],
])('multiply-accumulates of %s', (_, run, expected) => {
  expect(macs(run)).toBe(expected);
});

test('an op counts what it says, and where it is traced through, what it does', () => {
  const counted = (x: Tensor, weight: Tensor) => countedOp({ x, weight });
  const silent = (x: Tensor, weight: Tensor) => silentOp({ x, weight });
  expect(macs(counted)).toBe(2 * 5 * 3 * 3);
  expect(macs(counted, { takes: () => false })).toBe(2 * 5 * 3 * 3);
  expect(macs(silent, { takes: () => false })).toBe(2 * 5 * 3 * 3);
  expect(macs(silent)).toBe(0);
});
