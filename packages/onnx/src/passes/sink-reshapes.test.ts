import { describe, expect, test } from 'vitest';
import type { OnnxBuilder } from '../builder.ts';
import { constantWaves, graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { mergeReshapes } from './merge-reshapes.ts';
import { sinkReshapes } from './sink-reshapes.ts';

/** A graph of arrays whose images and heads are one axis, and then are two again. */
const between = (columns: number, write: (b: OnnxBuilder, x: string) => string) =>
  graphOf({ x: ['batch', 2, 4, 3] }, (b) => {
    const merged = b.reshape('x', [-1, 4, 3]);
    return { y: b.reshape(write(b, merged), [-1, 2, 4, columns]) };
  });

describe('no reshape is left around', () => {
  test.each<[string, string[], number, (b: OnnxBuilder, x: string) => string]>([
    ['an activation', ['Gelu'], 3, (b, x) => b.node('Gelu', [x])],
    [
      'a product of heads',
      ['Transpose', 'MatMul', 'Softmax'],
      4,
      (b, x) => {
        const scores = b.node('MatMul', [x, b.node('Transpose', [x], { perm: [0, 2, 1] })]);
        return b.node('Softmax', [scores], { axis: -1 });
      },
    ],
    ['weights', ['MatMul'], 5, (b, x) => b.node('MatMul', [x, constantWaves(b, [3, 5])])],
    ['constants', ['Mul'], 3, (b, x) => b.node('Mul', [x, constantWaves(b, [4, 1])])],
    [
      'a norm',
      ['LayerNormalization'],
      3,
      (b, x) => b.node('LayerNormalization', [x, constantWaves(b, [3])], { axis: 2 }),
    ],
    [
      'a padding and a part',
      ['Pad', 'Slice'],
      3,
      (b, x) => {
        const padded = b.node('Pad', [x, b.int64([0, 0, 0, 0, 0, 1]), b.scalar(1)]);
        return b.node('Slice', [padded, b.int64([1]), b.int64([4]), b.int64([2])]);
      },
    ],
  ])('%s', async (_, ops, columns, write) => {
    const graph = between(columns, write);
    await unchanged(graph, sinkReshapes);
    const both = (g: typeof graph) => mergeReshapes(sinkReshapes(g));
    expect(await opsAfter(graph, both)).toEqual(ops);
  });
});

test.each<[string, (b: OnnxBuilder, x: string) => string]>([
  ['goes along the merged axis', (b, x) => b.node('Softmax', [x], { axis: 0 })],
  ['moves it', (b, x) => b.node('Transpose', [x], { perm: [1, 0, 2] })],
  ['pads it', (b, x) => b.node('Pad', [x, b.int64([1, 0, 0, 0, 0, 0])])],
  ['takes a part of it', (b, x) => b.node('Slice', [x, b.int64([1]), b.int64([2]), b.int64([0])])],
  ['has a constant for it', (b, x) => b.node('Add', [x, constantWaves(b, [1, 4, 3])])],
])('what %s stays behind the reshape', async (_, write) => {
  const graph = graphOf({ x: ['batch', 2, 4, 3] }, (b) => ({
    y: write(b, b.reshape('x', [-1, 4, 3])),
  }));
  expect((await opsAfter(graph, sinkReshapes))[0]).toBe('Reshape');
});
