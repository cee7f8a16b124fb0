import { expect, test } from 'vitest';
import { constantWaves, graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { linearLayers } from './linear-layers.ts';
import { mergeReshapes } from './merge-reshapes.ts';

const layers = (attributes: { transA?: number; transB?: number }, bias: boolean) =>
  graphOf({ x: ['batch', 4, 3] }, (b) => {
    const weight = constantWaves(b, attributes.transB ? [5, 3] : [3, 5]);
    const inputs = [b.reshape('x', [-1, 3]), weight];
    if (bias) inputs.push(constantWaves(b, [5], 2));
    return { y: b.reshape(b.node('Gemm', inputs, attributes), [-1, 4, 5]) };
  });

test.each([
  ['with a bias', { transB: 1 }, true, ['Transpose', 'MatMul', 'Add']],
  ['without', { transB: 1 }, false, ['Transpose', 'MatMul']],
  ['of weights that lie the other way', {}, true, ['MatMul', 'Add']],
])('a layer %s is one over the array', async (_, attributes, bias, ops) => {
  const graph = layers(attributes, bias);
  await unchanged(graph, linearLayers);
  const both = async (g: typeof graph) => mergeReshapes(linearLayers(g));
  expect(await opsAfter(graph, both)).toEqual(ops);
});

test('what reads the rows still finds them', async () => {
  const graph = graphOf({ x: ['batch', 4, 3] }, (b) => {
    const rows = b.node('Gemm', [b.reshape('x', [-1, 3]), constantWaves(b, [3, 2])]);
    return { y: b.node('Neg', [rows]) };
  });
  await unchanged(graph, linearLayers);
  expect(await opsAfter(graph, linearLayers)).toEqual(['MatMul', 'Reshape', 'Neg']);
});

test('a matrix, and weights that are computed, stay', async () => {
  const matrix = graphOf({ x: ['batch', 3] }, (b) => ({
    y: b.node('Gemm', ['x', constantWaves(b, [3, 2])]),
  }));
  const computed = graphOf({ x: ['batch', 4, 3], w: [3, 2] }, (b) => ({
    y: b.node('Gemm', [b.reshape('x', [-1, 3]), 'w']),
  }));
  for (const graph of [matrix, computed])
    expect(await opsAfter(graph, linearLayers)).toContain('Gemm');
});
