import { expect, test } from 'vitest';
import type { OnnxBuilder } from '../builder.ts';
import { constantWaves, graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { mergeReshapes } from './merge-reshapes.ts';
import type { Pass } from './rewriter.ts';
import { keepRows, rowLayers } from './row-layers.ts';

const TOKENS = 4;

const layer = (b: OnnxBuilder, x: string, from: number, to: number) =>
  b.node('Add', [b.node('MatMul', [x, constantWaves(b, [from, to])]), constantWaves(b, [to], 2)]);

const norm = (b: OnnxBuilder, x: string, channels: number) =>
  b.node('LayerNormalization', [x, constantWaves(b, [channels], 3), constantWaves(b, [channels])], {
    axis: -1,
    epsilon: { float: 1e-6 },
  });

const all: Pass = async (graph) => mergeReshapes(keepRows(rowLayers(graph)));

test('two blocks of an MLP compute rows throughout', async () => {
  const graph = graphOf({ x: ['batch', TOKENS, 6] }, (b) => {
    const block = (x: string) => {
      const hidden = b.node('Gelu', [layer(b, norm(b, x, 6), 6, 8)]);
      return b.node('Add', [x, layer(b, hidden, 8, 6)]);
    };
    return { y: block(block('x')) };
  });
  await unchanged(graph, all);
  const mlp = ['Gemm', 'Gelu', 'Gemm'];
  expect(await opsAfter(graph, all)).toEqual([
    'LayerNormalization',
    'Reshape',
    ...mlp,
    // The stream's own, once.
    'Reshape',
    'Add',
    'LayerNormalization',
    ...mlp,
    'Add',
    'Reshape',
  ]);
});

test.each<[string, (b: OnnxBuilder, x: string) => string, string[]]>([
  [
    'a layer over a matrix',
    (b, x) => layer(b, b.reshape(x, [-1, 6]), 6, 3),
    ['Reshape', 'MatMul', 'Add'],
  ],
  [
    'weights that are computed',
    (b, x) =>
      b.node('Add', [
        b.node('MatMul', [x, b.node('Transpose', [x], { perm: [0, 2, 1] })]),
        constantWaves(b, [TOKENS]),
      ]),
    ['Transpose', 'MatMul', 'Add'],
  ],
  [
    'a bias for each token',
    (b, x) =>
      b.node('Add', [
        b.node('MatMul', [x, constantWaves(b, [6, 3])]),
        constantWaves(b, [TOKENS, 3]),
      ]),
    ['MatMul', 'Add'],
  ],
])('%s stays', async (_, write, ops) => {
  const graph = graphOf({ x: ['batch', TOKENS, 6] }, (b) => ({ y: write(b, 'x') }));
  await unchanged(graph, all);
  expect(await opsAfter(graph, all)).toEqual(ops);
});

test.each<[string, (b: OnnxBuilder, x: string) => string, string]>([
  ['a softmax', (b, x) => b.node('Softmax', [x], { axis: 1 }), 'Softmax'],
  [
    'a norm over tokens too',
    (b, x) =>
      b.node('LayerNormalization', [x, constantWaves(b, [TOKENS, 3])], {
        axis: 1,
        epsilon: { float: 1e-6 },
      }),
    'LayerNormalization',
  ],
  ['a constant for each token', (b, x) => b.node('Add', [x, constantWaves(b, [TOKENS, 3])]), 'Add'],
  ['an array for all images', (b, x) => b.node('Add', [x, 'one']), 'Add'],
])('%s reads tokens as they were', async (_, write, op) => {
  const graph = graphOf({ x: ['batch', TOKENS, 3], one: [1, TOKENS, 3] }, (b) => ({
    y: write(b, layer(b, 'x', 3, 3)),
  }));
  await unchanged(graph, all);
  expect(await opsAfter(graph, all)).toEqual(['Reshape', 'Gemm', 'Reshape', op]);
});
