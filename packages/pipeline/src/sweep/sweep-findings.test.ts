import { expect, test } from 'vitest';
import { tinyRecipe } from '../testing/tiny.ts';
import { loadSweep } from './load-sweep.ts';
import type { SweepInput } from './sweep.ts';
import { findingsOf } from './sweep-findings.ts';
import { type Results, SweepPlan, type Trial } from './sweep-plan.ts';
import { sweepReport } from './sweep-report.ts';

const sweep: SweepInput = {
  name: 'tiny-sweep',
  recipe: tinyRecipe,
  parameters: { 'retrain.optimizer.lr': [1, 2, 3], 'retrain.labelSmoothing': [0, 0.5] },
  folds: { count: 2 },
  seeds: [0, 1],
  metric: { path: 'compact.top1', goal: 'max' },
};

/** What is found where each trial has a value, or none. */
async function found(value: (trial: Trial) => number | undefined, change: object = {}) {
  const plan = await SweepPlan.of(await loadSweep({ ...sweep, ...change }));
  const results: Results = new Map(
    plan.slots.flatMap((slot) => {
      const trial = plan.trial(slot, new Map());
      if (typeof trial !== 'object') return [];
      const own = value(trial);
      const numbers = own === undefined ? undefined : { compact: { top1: own } };
      const failed = numbers ? undefined : { code: 'LOSS_NOT_FINITE', message: '<NaN>' };
      return [[trial.id, { numbers, failed, seconds: 1 }] as const];
    }),
  );
  return findingsOf(plan, results);
}

/** 0.1 for each lr, 0.01 for smoothing, and what fold and seed bring. */
const linear = ({ point, fold, seed }: Trial) =>
  0.1 * Number(point['retrain.optimizer.lr']) +
  0.02 * Number(point['retrain.labelSmoothing']) +
  0.03 * fold! +
  0.002 * seed;

test('each value of a parameter has its mean over the others, with an interval over folds and seeds', async () => {
  const { effects, best, settings } = await found(linear);
  const [rates, smoothing] = effects;
  expect(rates!.points.map(({ value, n }) => [value, n])).toEqual([
    [1, 4],
    [2, 4],
    [3, 4],
  ]);
  // Folds and seeds bring 0, 0.002, 0.03, 0.032: mean 0.016, deviation 0.01736, times 3.182 / 2.
  const { mean, low, high } = rates!.points[0]!;
  expect(mean).toBeCloseTo(0.1 + 0.005 + 0.016, 12);
  expect(high! - mean).toBeCloseTo(0.01736 * (3.182 / 2), 4);
  expect(mean - low!).toBeCloseTo(high! - mean, 12);
  expect(smoothing!.points.map((point) => point.mean)).toEqual([
    expect.closeTo(0.216, 12),
    expect.closeTo(0.226, 12),
  ]);
  expect(settings).toHaveLength(6);
  expect(best!.point).toEqual({ 'retrain.optimizer.lr': 3, 'retrain.labelSmoothing': 0.5 });
  expect(best!.score.mean).toBeCloseTo(0.3 + 0.01 + 0.016, 12);
  expect(best!.recipe.retrain.optimizer.lr).toBe(3);
});

test('the smallest is the best where the goal is min', async () => {
  const { best, settings } = await found(linear, { metric: { path: 'compact.top1', goal: 'min' } });
  expect(best!.point['retrain.optimizer.lr']).toBe(1);
  expect(settings.at(-1)!.point['retrain.optimizer.lr']).toBe(3);
});

test('a setting that failed once is never chosen, and in no mean', async () => {
  const findings = await found((trial) =>
    trial.point['retrain.optimizer.lr'] === 3 && trial.fold === 1 ? undefined : linear(trial),
  );
  expect(findings.best!.point['retrain.optimizer.lr']).toBe(2);
  expect(findings.failures).toHaveLength(4);
  expect(findings.effects[0]!.points.map(({ value }) => value)).toEqual([1, 2]);
  expect(findings.settings.at(-1)).toMatchObject({ done: 4, failed: 2, trials: 4, seconds: 4 });
  const html = sweepReport(findings);
  expect(html).toContain('LOSS_NOT_FINITE: &lt;NaN&gt;');
  expect(html).not.toMatch(/NaN(?!&gt;)|undefined|Infinity/);
});

test('a single trial of each setting has no interval', async () => {
  const findings = await found(({ point }) => Number(point['retrain.optimizer.lr']), {
    folds: undefined,
    seeds: undefined,
  });
  expect(findings.best!.score).toEqual({ mean: 3, n: 1 });
  expect(sweepReport(findings)).toContain('n = 1 each');
});
