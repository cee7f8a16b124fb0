import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type ComplexityOptions, complexity } from './complexity-report.ts';
import { landmarkSamplings } from './landmarks.ts';
import { featuresOf, gram, lowRank, shapes } from './testing.ts';

const options = (more: Partial<ComplexityOptions>): ComplexityOptions => ({
  rank: 1,
  landmarks: 1,
  generator: new Generator(1),
  ...more,
});

test('by hand: features along three axes', () => {
  // K has the eigenvalues 16, 4 and 1 over 3.
  const features = featuresOf([
    [4, 0, 0],
    [0, 2, 0],
    [0, 0, 1],
  ]);
  const report = complexity(features, options({ landmarks: 3 }));
  expect(report).toMatchObject({ n: 3, d: 3, rank: 1 });
  expect(report.trace).toBeCloseTo(7, 12);
  expect(report.tnn).toBeCloseTo(5 / 3, 12);
  expect(report.aTnn).toBeCloseTo(5 / 3, 9);
  [16 / 3, 4 / 3, 1 / 3].forEach((x, i) => expect(report.spectrum[i]).toBeCloseTo(x, 12));
  // 1/3 + sqrt(5/9) = 1.079, 2/3 + 1/3 = 1 and 3/3: the first of the best.
  expect(report.kc.value).toBeCloseTo(1, 12);
});

describe.each(shapes)('%s', (_, n, d, rank) => {
  const features = lowRank(n, d, rank);

  test.each(landmarkSamplings)('with all images as landmarks A-KC is KC (%s)', (sampling) => {
    const report = complexity(features, options({ rank: 3, landmarks: n, sampling }));
    expect(report.trace).toBeCloseTo(gram(features).trace(), 9);
    expect(report.aTnn).toBeCloseTo(report.tnn, 12);
    expect(report.aKc.value).toBeCloseTo(report.kc.value, 12);
  });

  test('with fewer landmarks approximations are from above', () => {
    const report = complexity(features, options({ rank: 2, landmarks: 4 }));
    expect(report.aTnn).toBeGreaterThanOrEqual(report.tnn - 1e-9);
    expect(report.aKc.value).toBeGreaterThanOrEqual(report.kc.value - 1e-9);
  });
});

test('without options: the rank is the argmin of KC, and landmarks are four times the features', () => {
  const features = lowRank(60, 3, 3);
  const { rank, landmarks, kc, tnn, trace } = complexity(features, { generator: new Generator(1) });
  expect([rank, landmarks]).toEqual([kc.argmin, 12]);
  expect(kc.value).toBeCloseTo(rank / 60 + Math.sqrt(tnn / 60), 12);
  expect(tnn).toBeLessThan(trace);
  const few = complexity(lowRank(5, 3, 3), { generator: new Generator(1) });
  expect(few.landmarks).toBe(5);
});

test.each([
  ['RANK', { rank: 4 }],
  ['LANDMARKS', { landmarks: 4 }],
  ['LANDMARKS', { landmarks: 0 }],
])('%s for %j', (code, wrong) => {
  const features = featuresOf([
    [4, 0, 0],
    [0, 2, 0],
    [0, 0, 1],
  ]);
  expect(() => complexity(features, options(wrong))).toThrow(expect.objectContaining({ code }));
});
