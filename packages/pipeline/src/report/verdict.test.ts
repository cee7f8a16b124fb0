import { describe, expect, test } from 'vitest';
import type { ModelAnalysis, RunAnalysis } from './run-analysis.ts';
import { verdictOf } from './verdict.ts';

const model = (top1: number, size: number, more: Partial<ModelAnalysis> = {}): ModelAnalysis => ({
  summary: { top1, params: 1000 * size, macs: 2000 * size, latencyMs: size },
  latency: {
    ms: { median: size, low: size, high: size },
    speedup: { median: 1 / size, low: 0.9 / size, high: 1.1 / size },
  },
  charts: [],
  pictures: [],
  ...more,
});

const run = (own: ModelAnalysis, change: Partial<RunAnalysis> = {}) =>
  ({
    result: 'compact',
    metrics: { top1: 'top-1' },
    measured: { date: '2026-01-02', machine: 'a processor', seed: 3, testImages: 500, runs: 7 },
    models: { dense: model(0.8, 1), compact: own },
    ...change,
  }) as unknown as RunAnalysis;

describe('the sentence', () => {
  const said = (gained: number, lost: number) =>
    verdictOf(
      run(model(0.8 + (gained - lost) / 500, 0.5, { paired: { images: 500, gained, lost } })),
    ).sentence;

  test.each([
    [
      60,
      20,
      'compact is better than dense: top-1 88.0 %, dense 80.0 %, +8.0 points [+4.5, +11.4].',
    ],
    [
      20,
      60,
      'compact is less accurate than dense: top-1 72.0 %, dense 80.0 %, −8.0 points [−11.4, −4.5].',
    ],
    [
      20,
      31,
      'No difference seen between compact and dense: top-1 77.8 %, dense 80.0 %, −2.2 points [−5.0, +0.6]; one of 4.0 points would have been.',
    ],
  ])('%i gained, %i lost', (gained, lost, sentence) => expect(said(gained, lost)).toBe(sentence));

  test('has no interval where a metric is no share of images, and says so', () => {
    expect(verdictOf(run(model(0.7, 1))).sentence).toBe(
      'compact: top-1 70.0 %, dense 80.0 %, on 500 test images. top-1 is no share of images, so the difference has no interval here.',
    );
  });

  test('says where nothing could be told, and where there is nothing to be beside', () => {
    const { top1: _, ...rest } = model(0.7, 1).summary;
    const untold = model(0.7, 1, { summary: rest as ModelAnalysis['summary'] });
    expect(verdictOf(run(untold)).sentence).toContain('could not be told');
    const alone = verdictOf(run(model(0.7, 1), { models: { compact: model(0.7, 1) } }));
    expect(alone.sentence).toBe('compact alone was made.');
    expect(alone.facts.map(({ title }) => title)).toEqual(['test images', 'seed', 'measured']);
  });
});

test('the facts are sizes, speed with its spread, and how they were measured', () => {
  const { facts } = verdictOf(
    run(model(0.8, 0.5, { paired: { images: 500, gained: 1, lost: 1 } })),
  );
  expect(Object.fromEntries(facts.map(({ title, text }) => [title, text]))).toEqual({
    parameters: '50.0 % fewer',
    'multiply-accumulates': '50.0 % fewer',
    'speed, one image': "2.00 times dense's [1.80, 2.20], median and quartiles of 7 runs in turn",
    'test images': '500',
    seed: '3',
    measured: '2026-01-02, a processor',
  });
  const same = verdictOf(run(model(0.8, 1))).facts[0]!.text;
  expect(same).toBe('as many');
  expect(verdictOf(run(model(0.8, 1.5))).facts[0]!.text).toBe('50.0 % more');
});
