import { rows } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { CrossSum, labelledMoments } from './labelled-sums.ts';
import { covariance } from './spectrum.ts';
import { lowRank, matrixOf } from './testing.ts';

const [n, d, classes] = [11, 4, 3];
const features = lowRank(n, d, d);
const labels = Int32Array.from({ length: n }, (_, i) => (i * 2) % classes);

test('parts sum to F^T F / n and F^T Y / n', async () => {
  const parts = [
    rows(features, [0, 1, 2, 3]),
    rows(features, [4]),
    rows(features, [5, 6, 7, 8, 9, 10]),
  ];
  const found = await labelledMoments(parts, { d, labels, classes });
  const y = Matrix.zeros(n, classes);
  labels.forEach((label, i) => y.set(i, label, 1));
  const cross = matrixOf(features).transpose().mmul(y).div(n);
  expect(found.n).toBe(n);
  expect(Matrix.sub(found.s, covariance(features)).norm()).toBeLessThan(1e-12);
  expect(Matrix.sub(found.cross, cross).norm()).toBeLessThan(1e-12);
});

test.each([
  ['too few', [0, 1], '2 labels for 11 images'],
  ['a class too many', [...labels.slice(1), 3], '3'],
  ['below 0', [-1, ...labels.slice(1)], '-1'],
  ['between classes', [...labels.slice(1), 0.5], '0.5'],
])('LABELS: %s', (_, wrong, found) => {
  const sum = new CrossSum(d, classes);
  expect(() => sum.add(features, wrong)).toThrow(
    expect.objectContaining({ code: 'LABELS', found }),
  );
});
