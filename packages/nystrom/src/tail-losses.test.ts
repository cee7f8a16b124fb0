import { createEagerEngine, Generator, tf } from '@kcr/core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { beforeAll, expect, test } from 'vitest';
import { linearTail, projectionTail, reconstructionTail } from './tail-losses.ts';

const [n, d, r] = [10, 5, 2];
const generator = new Generator(4);
const f = new Matrix(n, d).apply(function (this: Matrix, i, j) {
  this.set(i, j, Math.fround(generator.normal()));
});

/** TNN_r of F F^T / n, in float64. */
function tnn(features: Matrix): number {
  const s = features.transpose().mmul(features).div(n);
  const values = new EigenvalueDecomposition(s, { assumeSymmetric: true }).realEigenvalues;
  values.sort((a, b) => a - b);
  return values.slice(0, d - r).reduce((sum, x) => sum + x, 0);
}

/** The true top-r basis V [d, r], U [n, r], and G = F^T U. */
function factors() {
  const s = f.transpose().mmul(f).div(n);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(s, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  const v = eigenvectorMatrix.subMatrixColumn(order.slice(0, r));
  const u = f.mmul(v);
  for (let k = 0; k < r; k++) u.mulColumn(k, 1 / Math.sqrt(n * realEigenvalues[order[k]!]!));
  return { v, u, g: f.transpose().mmul(u) };
}

const tensor = (m: Matrix) => tf.tensor2d(m.to2DArray());

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

test('with the true subspace all three forms are TNN_r', () => {
  const { v, u, g } = factors();
  const expected = tnn(f);
  expect(projectionTail(tensor(f), tensor(v)).dataSync()[0]).toBeCloseTo(expected, 5);
  expect(reconstructionTail(tensor(f), tensor(g), tensor(u)).dataSync()[0]).toBeCloseTo(
    expected,
    5,
  );
  expect(linearTail(tensor(f), tensor(g), tensor(u)).dataSync()[0]).toBeCloseTo(expected, 5);
});

test('the projection and the reconstruction have the gradient of TNN_r, the linear form has not', () => {
  const { v, u, g } = factors();
  const h = 1e-5;
  const expected = f.to1DArray().map((_, i) => {
    const at = (shift: number) => {
      const moved = f.clone();
      moved.set(Math.floor(i / d), i % d, moved.get(Math.floor(i / d), i % d) + shift);
      return tnn(moved);
    };
    return (at(h) - at(-h)) / (2 * h);
  });
  const difference = (loss: (x: tf.Tensor) => tf.Tensor) => {
    const gradient = tf.grad(loss)(tensor(f)).dataSync();
    return Math.max(...expected.map((e, i) => Math.abs(e - gradient[i]!)));
  };
  expect(difference((x) => projectionTail(x, tensor(v)))).toBeLessThan(1e-5);
  expect(difference((x) => reconstructionTail(x, tensor(g), tensor(u)))).toBeLessThan(1e-5);
  expect(difference((x) => linearTail(x, tensor(g), tensor(u)))).toBeGreaterThan(0.05);
});

test('for any subspace the projection form is at least TNN_r', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Generator(seed);
    const angles = Array.from({ length: d }, () => random.normal());
    const norm = Math.hypot(...angles);
    const basis = tf.tensor2d(angles.map((x) => [x / norm, 0]));
    expect(projectionTail(tensor(f), basis).dataSync()[0]).toBeGreaterThanOrEqual(tnn(f));
  }
});
