import { expect, test } from 'vitest';
import { constantWaves, graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { patchConvolutions } from './patch-convolutions.ts';

/** Patches of 2 x 2 of an image, as the rows of a matrix, by weights. */
const patches = (perm: number[], bias: boolean) =>
  graphOf({ x: ['batch', 4, 6, 3] }, (b) => {
    const strips = b.reshape('x', [-1, 2, 3, 6]);
    const rows = b.reshape(b.node('Transpose', [strips], { perm }), [-1, 12]);
    const inputs = [rows, constantWaves(b, [5, 12]), ...(bias ? [constantWaves(b, [5])] : [])];
    return { y: b.node('Gemm', inputs, { transB: 1 }) };
  });

test.each([true, false])('are a convolution, with a bias or not: %s', async (bias) => {
  const graph = patches([0, 2, 1, 3], bias);
  await unchanged(graph, patchConvolutions);
  expect(await opsAfter(graph, patchConvolutions)).toContain('Conv');
  expect(await opsAfter(graph, patchConvolutions)).not.toContain('Gemm');
});

test('rows of another order stay', async () => {
  expect(await opsAfter(patches([0, 1, 2, 3], true), patchConvolutions)).toContain('Gemm');
});
