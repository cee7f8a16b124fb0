import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { affine } from '../ops/affine.ts';
import { defineOp } from '../ops/op.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { graphMacs, liveNodes, type Node, uniformOf, type Value } from './graph.ts';
import { trace } from './tracer.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

let id = 0;
const input = (name: string): Value => ({ id: id++, shape: [], dtype: 'float32', input: name });

/** A node of some inputs, with as many outputs. */
function node(kernel: string, inputs: Record<string, Value>, outputs = 1): Node {
  const values: Value[] = [];
  const made: Node = { kernel, inputs, attrs: {}, outputs: values as unknown as Node['outputs'] };
  for (let i = 0; i < outputs; i++)
    values.push({ id: id++, shape: [], dtype: 'float32', producer: made });
  return made;
}

test('a uniform constant has a number, data and computed values have none', () => {
  const constant = (of: Value['constant']): Value => ({ ...input('x'), constant: of });
  expect(uniformOf(constant({ uniform: 0 }))).toBe(0);
  expect(uniformOf(constant({ data: Float32Array.of(1) }))).toBeUndefined();
  expect(uniformOf(input('x'))).toBeUndefined();
  expect(uniformOf(undefined)).toBeUndefined();
});

test('live are the nodes that an output needs, each once, in the order of execution', () => {
  const x = input('x');
  const top = node('top', { x });
  const dead = node('dead', { x: top.outputs[0] });
  const parts = node('parts', { x: top.outputs[0] }, 2);
  const other = node('other', { x });
  const sum = node('sum', { a: parts.outputs[1]!, b: other.outputs[0] });
  const all = [top, dead, parts, other, sum];
  const names = (outputs: Value[]) => liveNodes(all, outputs).map(({ kernel }) => kernel);
  expect(names([sum.outputs[0]])).toEqual(['top', 'parts', 'other', 'sum']);
  expect(names([other.outputs[0], parts.outputs[0]])).toEqual(['top', 'parts', 'other']);
  expect(names([x])).toEqual([]);
});

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

describe('multiply-accumulates', () => {
  const macs = (shapes: number[][], run: (...tensors: Tensor[]) => Tensor, takes = true) =>
    graphMacs(
      trace(({ input: of }) => ({ y: run(...shapes.map((shape, i) => of(`${i}`, shape))) }), {
        takes: () => takes,
      }),
    );
  const conv = (x: Tensor, w: Tensor) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 1, 'NHWC');
  const depthwise = (x: Tensor, w: Tensor) =>
    tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');

  test.each<[string, number, number[][], (...tensors: Tensor[]) => Tensor]>([
    [
      'a product',
      2 * 4 * 3,
      [
        [2, 3],
        [3, 4],
      ],
      (a, b) => tf.matMul(a, b),
    ],
    [
      'with the first transposed',
      2 * 4 * 3,
      [
        [3, 2],
        [3, 4],
      ],
      (a, b) => tf.matMul(a, b, true),
    ],
    [
      'with both transposed, in a batch',
      5 * 2 * 4 * 3,
      [
        [5, 3, 2],
        [5, 4, 3],
      ],
      (a, b) => tf.matMul(a, b, true, true),
    ],
    ['a layer with a bias', 5 * 7 * 3, [[5, 3], [7, 3], [7]], (x, w, b) => affine(x!, w!, b)],
    [
      'a convolution',
      3 * 3 * 4 * (3 * 3 * 2),
      [
        [1, 5, 6, 2],
        [3, 3, 2, 4],
      ],
      conv,
    ],
    [
      'a depthwise one',
      5 * 6 * 2 * (3 * 3),
      [
        [1, 5, 6, 2],
        [3, 3, 2, 1],
      ],
      depthwise,
    ],
    [
      'no products',
      0,
      [
        [2, 3],
        [2, 3],
      ],
      (a, b) => tf.sum(tf.mul(a, b)),
    ],
  ])('of %s', (_, expected, shapes, run) => {
    expect(macs(shapes, run)).toBe(expected);
  });

  test('an op counts what it says as a node, and what it does as its definition', () => {
    const shapes = [
      [5, 3],
      [3, 3],
    ];
    const counted = (x: Tensor, weight: Tensor) => countedOp({ x, weight });
    const silent = (x: Tensor, weight: Tensor) => silentOp({ x, weight });
    expect([true, false].map((takes) => macs(shapes, affine, takes))).toEqual([45, 45]);
    expect([true, false].map((takes) => macs(shapes, counted, takes))).toEqual([90, 90]);
    expect([true, false].map((takes) => macs(shapes, silent, takes))).toEqual([0, 90]);
  });

  test('what no output needs does not count', () => {
    const run = (a: Tensor, b: Tensor) => {
      tf.matMul(a, b);
      return tf.neg(a);
    };
    expect(
      macs(
        [
          [2, 3],
          [3, 4],
        ],
        run,
      ),
    ).toBe(0);
  });
});
