import { type AnalysisContext, float32, Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { complexityAnalysis } from './complexity-analysis.ts';
import { complexity } from './complexity-report.ts';
import { featuresOf } from './testing.ts';

const rows = [
  [4, 0, 0],
  [0, 2, 0],
  [0, 0, 0],
  [4, 1, 0],
];
const options = { rank: 1, landmarks: 4 };

/** What the analysis reads of its context. */
const contextOf = (train: object) =>
  ({
    name: 'small',
    generator: new Generator(1),
    train: { length: 4, classes: ['a', 'b'], ...train },
    features: async () => float32([4, 3], rows.flat()),
  }) as unknown as AnalysisContext;

test('numbers are those of the report', async () => {
  const { numbers } = await complexityAnalysis(options).measure(contextOf({}));
  const { trace, tnn, kc, aTnn, aKc } = complexity(featuresOf(rows), {
    ...options,
    generator: new Generator(1),
  });
  expect(numbers).toEqual({
    trace,
    tnn,
    kc: kc.value,
    aTnn,
    aKc: aKc.value,
    landmarks: 4,
    trainImages: 4,
  });
});

test('the spectrum is drawn without its zeros', async () => {
  const { charts } = await complexityAnalysis(options).measure(contextOf({}));
  expect(charts).toHaveLength(1);
  const [{ points }] = charts![0]!.lines as [{ points: [number, number][] }];
  expect(points.map(([index]) => index)).toEqual([1, 2]);
  const [, first] = points[0]!;
  // S is [[32, 4], [4, 5]] / 4.
  expect(first).toBeCloseTo((37 + Math.sqrt(27 ** 2 + 64)) / 8, 9);
});

test("a classifier's loss has its bounds, step 0 of which is the squared targets' mean", async () => {
  const labels = Int32Array.of(0, 1, 0, 1);
  const { charts } = await complexityAnalysis(options).measure(contextOf({ labels }));
  const { title, lines, logX } = charts![1]!;
  expect([title, logX]).toEqual(['Bounds up to constants, with A-KC: small', true]);
  expect(lines.map(({ name, dashed }) => [name, dashed])).toEqual([
    ['upper bound', true],
    ['training loss', false],
    ['lower bound', true],
  ]);
  const loss = lines[1]!.points;
  // One later, so that a logarithmic axis shows step 0.
  expect(loss[0]![0]).toBe(1);
  expect(loss[0]![1]).toBeCloseTo(1, 9);
  // The third image has features of zeros, so its loss stays.
  expect(loss.at(-1)![1]).toBeGreaterThanOrEqual(0.25);
});

test('more landmarks than images: LANDMARKS; a rank above the features: RANK', async () => {
  for (const [code, wrong] of [
    ['LANDMARKS', { rank: 1, landmarks: 5 }],
    ['RANK', { rank: 4, landmarks: 2 }],
  ] as const)
    await expect(complexityAnalysis(wrong).measure(contextOf({}))).rejects.toThrow(
      expect.objectContaining({ code }),
    );
});
