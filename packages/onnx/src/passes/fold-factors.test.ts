import { describe, expect, test } from 'vitest';
import type { OnnxBuilder } from '../builder.ts';
import { constantWaves, graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { foldConstants } from './fold-constants.ts';
import { foldFactors } from './fold-factors.ts';

type Write = (b: OnnxBuilder) => string;

const conv: Write = (b) => b.node('Conv', ['x', constantWaves(b, [6, 3, 2, 2])]);
const biased: Write = (b) =>
  b.node('Conv', ['x', constantWaves(b, [6, 3, 2, 2]), constantWaves(b, [6])]);
const depthwise: Write = (b) => b.node('Conv', ['x', constantWaves(b, [3, 1, 2, 2])], { group: 3 });

const affine = (b: OnnxBuilder, x: string, shape: number[]) => {
  const scaled = b.node('Mul', [x, constantWaves(b, shape, 3)]);
  return b.node('Add', [constantWaves(b, shape, 4), scaled]);
};

const both = async (graph: Parameters<typeof foldFactors>[0]) => foldConstants(foldFactors(graph));

describe('what a batch norm is in evaluation goes into', () => {
  test.each<[string, Write, number]>([
    ['a convolution', conv, 6],
    ['one with a bias', biased, 6],
    ['a depthwise one', depthwise, 3],
  ])('%s', async (_, write, channels) => {
    const graph = graphOf({ x: ['batch', 3, 4, 4] }, (b) => ({
      y: affine(b, write(b), [channels, 1, 1]),
    }));
    const { initializers } = await unchanged(graph, both);
    expect(initializers.map(({ shape }) => shape.length)).toEqual([4, 1]);
    expect(await opsAfter(graph, both)).toEqual(['Conv']);
  });

  test.each([1, 0])('a matrix layer, transB %d', async (transB) => {
    const graph = graphOf({ x: ['batch', 3] }, (b) => {
      const weight = constantWaves(b, transB ? [5, 3] : [3, 5]);
      return { y: affine(b, b.node('Gemm', ['x', weight], { transB }), [5]) };
    });
    await unchanged(graph, both);
    expect(await opsAfter(graph, both)).toEqual(['Gemm']);
  });
});

test.each<[string, (b: OnnxBuilder) => string]>([
  ['a number', (b) => b.scalar(0.125)],
  ['one for each channel', (b) => constantWaves(b, [1, 5], 3)],
])('%s scales a product and its offset', async (_, factor) => {
  const graph = graphOf({ x: ['batch', 4, 3] }, (b) => {
    const product = b.node('MatMul', ['x', constantWaves(b, [3, 5])]);
    const sum = b.node('Add', [product, constantWaves(b, [5], 2)]);
    return { y: b.node('Mul', [factor(b), sum]) };
  });
  await unchanged(graph, both);
  expect(await opsAfter(graph, both)).toEqual(['MatMul', 'Add']);
});

test.each<[string, (b: OnnxBuilder) => string]>([
  ['a factor for each place', (b) => b.node('Mul', [conv(b), constantWaves(b, [3, 3])])],
  [
    'a product that is read elsewhere too',
    (b) => {
      const y = conv(b);
      return b.node('Add', [b.node('Mul', [y, b.scalar(2)]), b.node('Neg', [y])]);
    },
  ],
])('%s stays', async (_, write) => {
  const graph = graphOf({ x: ['batch', 3, 4, 4] }, (b) => ({ y: write(b) }));
  await unchanged(graph, both);
  expect(await opsAfter(graph, both)).toContain('Mul');
});
