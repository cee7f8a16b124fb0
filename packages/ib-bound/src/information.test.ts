import { Generator } from '@kcr/core';
import type { Features } from '@kcr/features';
import { describe, expect, test } from 'vitest';
import type { AssignmentOptions } from './assignment.ts';
import { information } from './information.ts';
import { normal, phi } from './testing.ts';

const classes = 4;

/** A random case; its last class has no images. */
function randomCase(seed: number, options: AssignmentOptions = {}) {
  // More than a block of rows, and an odd number.
  const n = 77;
  const generator = new Generator(seed);
  return {
    features: normal(n, 5, seed, 2),
    featureCentroids: normal(3, 5, seed + 1),
    inputs: normal(n, 7, seed + 2, 2),
    inputCentroids: normal(6, 7, seed + 3),
    labels: Int32Array.from({ length: n }, () => generator.integer(classes - 1)),
    classes,
    ...options,
  };
}

const cases = [0, 10, 20, 30].flatMap((seed) => [
  randomCase(seed),
  randomCase(seed, { beta: 3 }),
  randomCase(seed, { normalize: false, beta: 0.3 }),
]);

describe.each(cases)('a random case', (options) => {
  const { features, inputs, labels } = options;
  const { n } = features;
  const result = information(options);
  const x = phi(features, options.featureCentroids, options);
  const input = phi(inputs, options.inputCentroids, options);
  const [A, B] = [options.featureCentroids.n, options.inputCentroids.n];
  const mean = (f: (i: number) => number) =>
    Array.from({ length: n }, (_, i) => f(i)).reduce((a, b) => a + b) / n;
  const overClusters = (f: (a: number, b: number) => number) => {
    let sum = 0;
    for (let a = 0; a < A; a++) for (let b = 0; b < B; b++) sum += f(a, b);
    return sum;
  };
  const Q = (a: number, y: number) => {
    const own = [...labels.keys()].filter((i) => labels[i] === y);
    return own.reduce((sum, i) => sum + x[i]![a]!, 0) / own.length;
  };

  test('is what the definition says', () => {
    const joint = (a: number, b: number) => mean((i) => x[i]![a]! * input[i]![b]!);
    const iXtX = overClusters((a, b) => {
      const p = joint(a, b);
      return p * Math.log(p / (mean((i) => x[i]![a]!) * mean((i) => input[i]![b]!)));
    });
    let iXtY = 0;
    for (let a = 0; a < A; a++)
      for (let y = 0; y < classes - 1; y++) {
        const p = mean((i) => (labels[i] === y ? x[i]![a]! : 0));
        const share = mean((i) => (labels[i] === y ? 1 : 0));
        iXtY += p * Math.log(p / (mean((i) => x[i]![a]!) * share));
      }
    const first = mean((i) =>
      overClusters((a, b) => x[i]![a]! * input[i]![b]! * Math.log(input[i]![b]!)),
    );
    const second = mean(
      (i) => -x[i]!.reduce((sum, p, a) => sum + p * Math.log(Q(a, labels[i]!)), 0),
    );
    const constant = mean((i) =>
      mean((j) => -input[i]!.reduce((sum, p, b) => sum + p * Math.log(input[j]![b]!), 0)),
    );
    expect(result.iXtX).toBeCloseTo(iXtX, 10);
    expect(result.iXtY).toBeCloseTo(iXtY, 10);
    expect(result.ib).toBeCloseTo(iXtX - iXtY, 10);
    expect(result.ibb).toBeCloseTo(first + second, 10);
    expect(result.constant).toBeCloseTo(constant, 10);
  });

  test('IB is at most its bound with the constant; information is not negative', () => {
    expect(result.ib).toBeLessThanOrEqual(result.ibb + result.constant);
    expect(result.iXtX).toBeGreaterThanOrEqual(0);
    expect(result.iXtY).toBeGreaterThanOrEqual(0);
    expect(result.iXtY).toBeLessThanOrEqual(Math.log(classes - 1) + 1e-12);
  });

  test('the order of clusters changes nothing', () => {
    const reversed = ({ n: count, d, data }: Features): Features => ({
      n: count,
      d,
      data: Array.from({ length: count }, (_, k) =>
        Array.from({ length: d }, (_, j) => data[(count - 1 - k) * d + j]!),
      ).flat(),
    });
    const { logQ: _, ...other } = information({
      ...options,
      featureCentroids: reversed(options.featureCentroids),
      inputCentroids: reversed(options.inputCentroids),
    });
    for (const [key, value] of Object.entries(other))
      expect(value).toBeCloseTo(result[key as keyof typeof other], 12);
  });

  test("Q's columns sum to 1; that of a class without images is uniform", () => {
    for (let y = 0; y < classes; y++) {
      const column = result.logQ.slice(y * A, (y + 1) * A).map(Math.exp);
      expect(column.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      if (y === classes - 1) expect(new Set(column).size).toBe(1);
    }
  });
});

test('collapsed features and uniform inputs: IB is above its bound without the constant', () => {
  const n = 12;
  const one = { n, d: 1, data: Array<number>(n).fill(1) };
  const corners = Array.from({ length: 6 }, (_, k) =>
    Array.from({ length: 6 }, (_, j) => Number(j === k)),
  );
  const { ib, ibb, constant } = information({
    features: one,
    featureCentroids: { n: 1, d: 1, data: [1] },
    // As far from each of six centroids, so that their assignments are uniform.
    inputs: { n, d: 6, data: Array<number>(6 * n).fill(1) },
    inputCentroids: { n: 6, d: 6, data: corners.flat() },
    labels: one.data.map((_, i) => i % 2),
    classes: 2,
  });
  expect(ib).toBeCloseTo(0, 12);
  expect(ibb).toBeCloseTo(-Math.log(6), 12);
  expect(ib).toBeLessThanOrEqual(ibb + constant + 1e-12);
});

test('hard assignments far apart give finite numbers', () => {
  const result = information(randomCase(1, { normalize: false, beta: 1e6 }));
  for (const value of Object.values(result).flatMap((v) => (typeof v === 'number' ? [v] : [...v])))
    expect(Number.isFinite(value)).toBe(true);
});

test('what does not fit together is refused', () => {
  const { labels, ...rest } = randomCase(1);
  const code = (options: object) => {
    try {
      information({ ...rest, labels, ...options });
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'no error';
  };
  expect(code({ labels: labels.slice(1) })).toBe('LABELS');
  expect(code({ labels: labels.map(() => 4) })).toBe('LABELS');
  expect(code({ featureCentroids: normal(3, 6, 1) })).toBe('CENTROIDS_SHAPE');
});
