import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { kcrBounds } from './bounds.ts';
import { complexity } from './complexity-report.ts';
import { landmarkCurve, landmarkSteps } from './landmark-curve.ts';
import { landmarkSamplings } from './landmarks.ts';
import { lastLayer, lowRank } from './testing.ts';

const [n, d, classes] = [60, 8, 3];
const features = lowRank(n, d, d);
const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
const options = () => ({ labels, landmarks: [3, 6, n], draws: 3, generator: new Generator(1) });

test.each([
  [10, [10]],
  [24, [24]],
  [100, [24, 48, 96, 100]],
])('landmarks of %i images: %j', (images, steps) => expect(landmarkSteps(images)).toEqual(steps));

test('exact values are those of the report and of the bounds', async () => {
  const curve = landmarkCurve(features, options());
  const { kc, tnn } = complexity(features, { generator: new Generator(1) });
  expect(curve).toMatchObject({ n, d, rank: kc.argmin, draws: 3, tnn, kc: kc.value });
  const given = { complexity: kc.value, steps: [4096] };
  const [point] = kcrBounds(await lastLayer(features, labels), given);
  const { trainingLoss, upper } = point!;
  expect(curve.bound).toEqual({ step: 4096, trainingLoss, upper: expect.closeTo(upper, 12) });
});

test('all landmarks give the exact values, fewer are above them by at most the limit', () => {
  const { points, tnn, kc, bound } = landmarkCurve(features, options());
  expect(points.map(({ sampling, landmarks }) => [sampling, landmarks])).toEqual(
    landmarkSamplings.flatMap((sampling) => [3, 6, n].map((m) => [sampling, m])),
  );
  for (const { landmarks, aTnn, aKc, aKcLimit, upper } of points) {
    expect(aTnn.mean).toBeGreaterThanOrEqual(tnn);
    expect(aKc.mean).toBeGreaterThanOrEqual(kc);
    expect(aKc.mean).toBeLessThanOrEqual(aKcLimit.mean + 1e-12);
    // The Nystrom error is added to the bound.
    expect(upper!.mean - bound!.upper).toBeCloseTo(aKc.mean - kc, 12);
    if (landmarks === n)
      expect([aTnn.mean, aKc.mean]).toEqual([tnn, kc].map((x) => expect.closeTo(x, 12)));
    if (landmarks === 3) expect(aTnn.mean).toBeGreaterThan(1.01 * tnn);
    for (const { low, mean, high } of [aTnn, aKc, upper!]) {
      expect(low).toBeLessThanOrEqual(mean);
      expect(high).toBeGreaterThanOrEqual(mean);
    }
  }
});

test('constants of the bound multiply the error, and without labels there is no bound', () => {
  const bound = { upperConstant: 3, upperFactor: 2, x: 0 };
  const curve = landmarkCurve(features, { ...options(), samplings: ['uniform'], bound, step: 7 });
  const [few] = curve.points;
  expect(curve.bound!.upper).toBeCloseTo(2 * curve.bound!.trainingLoss + 3 * curve.kc, 12);
  expect(few!.upper!.mean - curve.bound!.upper).toBeCloseTo(3 * (few!.aKc.mean - curve.kc), 12);
  const { labels: _, ...rest } = options();
  const without = landmarkCurve(features, { ...rest, samplings: ['uniform'] });
  expect(without.bound).toBeUndefined();
  expect(without.points[0]!.upper).toBeUndefined();
});

test('the same stream gives the same curve, and each draw is told', () => {
  const told: number[][] = [];
  const given = { ...options(), samplings: ['uniform', 'k-means'] as const };
  const once = landmarkCurve(features, { ...given, onDraw: (...at) => told.push(at) });
  expect(landmarkCurve(features, { ...given, generator: new Generator(1) })).toEqual(once);
  expect(told).toEqual(Array.from({ length: 18 }, (_, i) => [i + 1, 18]));
});

test.each([
  ['LANDMARKS', { landmarks: [3, 61] }],
  ['RANK', { rank: 9 }],
  ['LABELS', { classes: 2 }],
])('%s for %j', (code, wrong) =>
  expect(() => landmarkCurve(features, { ...options(), ...wrong })).toThrow(
    expect.objectContaining({ code }),
  ),
);
