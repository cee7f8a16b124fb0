import { createEagerEngine, tf } from '@kcr/core';
import { type Features, unitRows } from '@kcr/features';
import { beforeAll, expect, test } from 'vitest';
import { Assigner } from './assignment.ts';
import { boundLoss } from './bound-loss.ts';
import { information } from './information.ts';
import { normal, phi } from './testing.ts';

const classes = 4;

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const tensor = ({ n, d, data }: Features) => tf.tensor2d(Array.from(data), [n, d]);

test('by hand: two clusters on a line', () => {
  // phi of 0 is softmax(0, -1), of 1 it is softmax(-1, 0).
  const [near, far] = [1 / (1 + Math.exp(-1)), 1 / (1 + Math.E)];
  const loss = boundLoss(
    tf.tensor2d([[0], [1]]),
    tf.tensor2d([
      [1, 0],
      [0.25, 0.75],
    ]),
    {
      centroids: tf.tensor2d([[0], [1]]),
      logQ: tf.tensor2d([
        [-1, -2],
        [-3, -4],
      ]),
    },
    { normalize: false },
  );
  const expected = near + 2 * far + 0.25 * (far + 2 * near) + 0.75 * (3 * far + 4 * near);
  expect(loss.shape).toEqual([]);
  expect(loss.dataSync()[0]).toBeCloseTo(expected / 2, 5);
});

test.each([{}, { beta: 3 }, { normalize: false, beta: 0.3 }])(
  'it is the class term of the bound, %j',
  (options) => {
    const n = 20;
    const [features, centroids] = [normal(n, 5, 1, 2), normal(3, 5, 2)];
    const [inputs, inputCentroids] = [normal(n, 7, 3, 2), normal(6, 7, 4)];
    const labels = Int32Array.from({ length: n }, (_, i) => i % (classes - 1));
    const result = information({
      features,
      featureCentroids: centroids,
      inputs,
      inputCentroids,
      labels,
      classes,
      ...options,
    });
    const term = boundLoss(
      tensor(features),
      tf.oneHot(tf.tensor1d(labels, 'int32'), classes),
      {
        centroids: tensor(options.normalize === false ? centroids : unitRows(centroids)),
        logQ: tf.tensor2d(Array.from(result.logQ), [classes, 3]),
      },
      options,
    );
    const entropies = phi(inputs, inputCentroids, options).map((row) =>
      row.reduce((sum, p) => sum + p * Math.log(p), 0),
    );
    const first = entropies.reduce((a, b) => a + b) / n;
    expect(term.dataSync()[0]).toBeCloseTo(result.ibb - first, 4);
  },
);

test('the first term of the bound has no gradient', () => {
  const features = tf.tensor2d(Array.from(normal(6, 3, 1).data), [6, 3]);
  const centroids = tf.tensor2d(Array.from(normal(4, 3, 2).data), [4, 3]);
  const input = tf.softmax(tf.tensor2d(Array.from(normal(6, 5, 3).data), [6, 5]));
  const gradient = tf.grad((x) => {
    const logits = tf.mul(tf.matMul(x, centroids, false, true), 2);
    const phi = tf.softmax(tf.sub(logits, tf.sum(tf.square(centroids), 1)));
    const pairs = tf.mul(tf.expandDims(phi, 2), tf.expandDims(tf.mul(input, tf.log(input)), 1));
    return tf.sum(pairs);
  })(features);
  expect(Math.max(...gradient.dataSync().map(Math.abs))).toBeLessThan(1e-6);
});

test("the term's gradient is that of float64 finite differences", () => {
  const [n, d, A] = [5, 4, 3];
  const x = normal(n, d, 1).data as Float64Array;
  const centroids = Array.from(unitRows(normal(A, d, 2)).data);
  const labels = [0, 1, 2, 3, 1];
  const logQ = Array.from(normal(classes, A, 3).data);
  const value = (features: Float64Array) => {
    const assigner = new Assigner({ n, d, data: features }, { n: A, d, data: centroids });
    let sum = 0;
    const { phi: rows } = assigner.assign(0, n);
    rows.forEach((p, at) => (sum -= (p * logQ[labels[Math.floor(at / A)]! * A + (at % A)]!) / n));
    return sum;
  };
  const targets = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32');
  const gradient = tf
    .grad((features) =>
      boundLoss(features, targets, {
        centroids: tf.tensor2d(centroids, [A, d]),
        logQ: tf.tensor2d(logQ, [classes, A]),
      }),
    )(tf.tensor2d(Array.from(x), [n, d]))
    .dataSync();
  for (let i = 0; i < x.length; i++) {
    const [up, down] = [1e-5, -1e-5].map((h) => value(x.with(i, x[i]! + h)));
    expect(gradient[i]).toBeCloseTo((up! - down!) / 2e-5, 5);
  }
});

test('features of zeros have a finite loss and gradient', () => {
  const clusters = { centroids: tensor(unitRows(normal(3, 2, 1))), logQ: tensor(normal(2, 3, 2)) };
  const targets = tf.tensor2d([[1, 0]]);
  const gradient = tf.grad((x) => boundLoss(x, targets, clusters))(tf.zeros([1, 2]));
  for (const x of gradient.dataSync()) expect(Number.isFinite(x)).toBe(true);
});
