import { Generator, range } from '@kcr/core';
import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { labelledMoments } from './labelled-sums.ts';
import { LastLayer } from './last-layer.ts';
import { gramSpectrum } from './spectrum.ts';
import { featuresOf, lastLayer, lowRank, matrixOf, shapes } from './testing.ts';

const classes = 3;
const labelsOf = (n: number, seed: number): Int32Array => {
  const generator = new Generator(seed);
  return range(n).map(() => generator.integer(classes));
};
const oneHot = (labels: Int32Array): Matrix =>
  new Matrix(Array.from(labels, (label) => Array.from(range(classes), (k) => Number(k === label))));

test('by hand: two images along two axes, whose K has the eigenvalues 2 and 1/2', async () => {
  const layer = await lastLayer(
    featuresOf([
      [2, 0],
      [0, 1],
    ]),
    [0, 1],
    { stepSize: 0.4 },
  );
  // (1/2) ((1 - 2 e)^2t + (1 - e / 2)^2t)
  for (const t of [0, 1, 3])
    expect(layer.trainingLoss(t)).toBeCloseTo((0.2 ** (2 * t) + 0.8 ** (2 * t)) / 2, 12);
});

test('the step size is 0.9 / largest eigenvalue, where none is given', async () => {
  const features = lowRank(20, 5, 5);
  const { stepSize } = await lastLayer(features, labelsOf(20, 1));
  expect(stepSize).toBeCloseTo(0.9 / gramSpectrum(features)[0]!, 12);
});

test('what the features do not reach stays', async () => {
  // One direction alone: the second image is never learned.
  const flat = featuresOf([
    [1, 0],
    [0, 0],
  ]);
  expect((await lastLayer(flat, [0, 1])).trainingLoss(10_000)).toBeCloseTo(0.5, 9);
  const none = featuresOf([
    [0, 0],
    [0, 0],
  ]);
  expect((await lastLayer(none, [0, 1])).trainingLoss(50)).toBe(1);
});

describe.each(shapes)('%s', (_, n, d, rank) => {
  const own = lowRank(n, d, rank);
  const labels = labelsOf(n, 5);
  // Other images, to test with.
  const other = lowRank(n + 7, d, rank);
  const otherLabels = labelsOf(n + 7, 6);

  /** Squared loss for each image of weights on some images. */
  const lossOf = (w: Matrix, features: typeof own, of: Int32Array): number =>
    Matrix.sub(matrixOf(features).mmul(w), oneHot(of))
      .to1DArray()
      .reduce((sum, x) => sum + x * x, 0) / features.n;

  test('the closed form is gradient descent: its weights, and its losses', async () => {
    const f = matrixOf(own);
    const layer = await lastLayer(own, labels);
    const others = await labelledMoments([other], { d, labels: otherLabels, classes });
    let w = Matrix.zeros(d, classes);
    for (let t = 0; t <= 20; t++) {
      expect(Matrix.sub(layer.weights(t), w).norm()).toBeLessThan(1e-9);
      expect(layer.trainingLoss(t)).toBeCloseTo(lossOf(w, own, labels), 9);
      expect(layer.loss(others, t)).toBeCloseTo(lossOf(w, other, otherLabels), 9);
      const gradient = f.transpose().mmul(Matrix.sub(f.mmul(w), oneHot(labels)));
      w = Matrix.sub(w, gradient.mul(layer.stepSize / n));
    }
  });

  test('the loss on what was learnt from is the training loss, also after many steps', async () => {
    const moments = await labelledMoments([own], { d, labels, classes });
    const layer = new LastLayer(moments);
    for (const t of [1, 100, 100_000])
      expect(layer.loss(moments, t)).toBeCloseTo(layer.trainingLoss(t), 9);
  });
});
