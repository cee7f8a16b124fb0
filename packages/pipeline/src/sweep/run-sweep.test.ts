import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { startOf } from '@kcr/core/internal';
import { describe, expect, test } from 'vitest';
import { compress } from '../compress.ts';
import type { PipelineEvent } from '../events.ts';
import { eagerEngine, temporaryFolder, tinyRecipe, writeGrey } from '../testing/tiny.ts';
import { loadSweep } from './load-sweep.ts';
import { listTrials, runSweep, type SweepOptions, sweepOutcome } from './run-sweep.ts';
import type { SweepInput } from './sweep.ts';
import { savedSweep } from './sweep-file.ts';
import { SweepPlan } from './sweep-plan.ts';
import { readResult, trialFolder } from './trial-result.ts';

const { retrain } = tinyRecipe;
const sweep: SweepInput = {
  name: 'tiny-sweep',
  recipe: { ...tinyRecipe, data: {} },
  parameters: { 'retrain.optimizer.lr': [1e-3, 1e-2] },
  folds: { count: 2 },
  metric: { path: 'compact.valLoss', goal: 'min' },
};

/** A folder with training images, and no others: trials with folds do not read any. */
async function prepare() {
  const folder = await temporaryFolder();
  for (const [name, base] of [
    ['dark', 30],
    ['light', 200],
  ] as const) {
    await mkdir(folder.at('data/train', name), { recursive: true });
    for (let i = 0; i < 4; i++)
      await writeGrey(folder.at('data/train', name, `${i}.png`), base + 10 * i);
  }
  const events: PipelineEvent[] = [];
  const run = async (own: Partial<SweepInput> = {}, more: Partial<SweepOptions> = {}) =>
    runSweep(await loadSweep({ ...sweep, ...own }), {
      data: folder.at('data'),
      out: folder.at('out'),
      engine: eagerEngine,
      on: (event) => events.push(event),
      ...more,
    });
  /** Trials that were run since the last call. */
  const ran = () => events.splice(0).filter(({ type }) => type === 'trial-ended').length;
  return Object.assign(folder, { run, ran, events });
}

const trials = (folder: { at(...parts: string[]): string }) => readdir(folder.at('out/trials'));

test('all trials run once, and the best setting is a recipe that compress takes', async () => {
  await using folder = await prepare();
  const { findings, report } = await folder.run();
  expect(folder.ran()).toBe(4);
  expect(findings).toMatchObject({ done: 4, left: 0, failures: [] });
  const [first, second] = findings.settings;
  expect(first!.score!.mean).toBeLessThan(second!.score!.mean);
  expect(findings.best!.point).toEqual(first!.point);
  expect(first!.score!.n).toBe(2);
  expect(report).toBe(folder.at('out/sweep.html'));
  const best = JSON.parse(await readFile(folder.at('out/best.json'), 'utf8'));
  expect(best.retrain.optimizer.lr).toBe(first!.point['retrain.optimizer.lr']);
  // Its images are the recipe's own again.
  expect(best.data).toEqual({});
  await mkdir(folder.at('data/test'), { recursive: true });
  for (const name of ['dark', 'light']) {
    await mkdir(folder.at('data/test', name));
    await writeGrey(folder.at('data/test', name, '0.png'), name === 'dark' ? 40 : 220);
  }
  const { summary } = await compress(folder.at('out/best.json'), {
    data: folder.at('data'),
    out: folder.at('run'),
    engine: eagerEngine,
  });
  expect(Object.keys(summary)).toEqual(['compact']);

  await folder.run();
  expect(folder.ran()).toBe(0);
});

test('trainings that are alike in all that they depend on are done once', async () => {
  await using folder = await prepare();
  const { recipe } = sweep;
  const trained = () =>
    folder.events.splice(0).filter((event) => event.type === 'epoch' && event.stage === 'dense');
  const dense = { ...retrain, epochs: 2 };
  const own = { recipe: { ...(recipe as typeof tinyRecipe), dense } };
  const { findings } = await folder.run(own);
  expect(findings).toMatchObject({ done: 4, failures: [] });
  // Two learning rates of two folds have the dense model of their fold.
  expect(trained()).toHaveLength(2 * dense.epochs);
  const more = await folder.run({ ...own, seeds: [0, 1] });
  expect(more.findings).toMatchObject({ done: 8, failures: [] });
  // Those of another seed are others.
  expect(trained()).toHaveLength(2 * dense.epochs);
});

test('values that are added to a grid leave finished trials as they are', async () => {
  await using folder = await prepare();
  await folder.run();
  const before = await trials(folder);
  folder.ran();
  const { findings } = await folder.run({
    parameters: { 'retrain.optimizer.lr': [1e-4, 1e-3, 1e-2] },
  });
  expect(folder.ran()).toBe(2);
  expect(findings.settings).toHaveLength(3);
  expect(await trials(folder)).toEqual(expect.arrayContaining(before));
  // A recipe with another setting anywhere is another trial.
  await folder.run({ set: { 'retrain.batchSize': 3 } });
  expect(folder.ran()).toBe(4);
});

test('a task of an array runs its own trials alone, and the tasks together are the sweep', async () => {
  await using folder = await prepare();
  for (const index of [3, 0]) await folder.run({}, { index });
  expect(folder.ran()).toBe(2);
  expect(await trials(folder)).toHaveLength(2);
  await folder.run({}, { index: 0, tasks: 2 });
  // 0 is there already, and 2 is not.
  expect(folder.ran()).toBe(1);
  const { findings } = await folder.run({}, { index: 1 });
  expect(findings).toMatchObject({ done: 4, left: 0 });
  for (const index of [4, -1, 0.5])
    await expect(folder.run({}, { index })).rejects.toMatchObject({ code: 'OPTION' });
});

test('a trial that another process runs is left to it; one of a process that ended is gone on with', async () => {
  await using folder = await prepare();
  const listed = await listTrials(await loadSweep(sweep));
  const path = trialFolder(folder.at('out'), listed[0]!.trial!.id);
  await mkdir(path, { recursive: true });
  const holder = { host: hostname(), pid: process.pid, start: startOf(process.pid), since: 'now' };
  await writeFile(`${path}/run.lock`, JSON.stringify(holder));
  await expect(folder.run({}, { index: 0 })).rejects.toMatchObject({ code: 'OUT_LOCKED' });
  await folder.run({}, { index: 1 });
  expect(folder.ran()).toBe(1);
  // The id is that of an earlier process.
  await writeFile(`${path}/run.lock`, JSON.stringify({ ...holder, start: 'another boot 1' }));
  const { findings } = await folder.run();
  expect(findings.left).toBe(0);
});

test('a trial that diverges has failed, with why, and the sweep goes on', async () => {
  await using folder = await prepare();
  const own = { parameters: { 'retrain.optimizer.lr': [1e38, 1e-3] } };
  const { findings } = await folder.run(own);
  expect(findings).toMatchObject({ done: 4, left: 0 });
  expect(findings.failures).toHaveLength(2);
  expect(findings.failures[0]!.message).toMatch(/^(LOSS_NOT_FINITE|STATE_FINITE|OUTPUT_FINITE)/);
  expect(findings.best!.point).toEqual({ 'retrain.optimizer.lr': 1e-3 });
  expect(findings.settings[1]).toMatchObject({ failed: 2 });
  expect(findings.settings[1]!.score).toBeUndefined();
  expect(await readFile(folder.at('out/sweep.html'), 'utf8')).toContain('Trials that failed');
  folder.ran();
  await folder.run(own);
  expect(folder.ran()).toBe(0);
  await folder.run(own, { retryFailed: true });
  expect(folder.ran()).toBe(2);
  await expect(
    folder.run({ parameters: { 'retrain.optimizer.lr': [1e38] } }),
  ).rejects.toMatchObject({ code: 'SWEEP_NO_RESULT' });
});

describe('halving', () => {
  const halving: Partial<SweepInput> = {
    folds: undefined,
    recipe: { ...tinyRecipe, data: { test: { share: 0.5 } } },
    parameters: { 'retrain.optimizer.lr': { from: 1e-4, to: 1e-1, scale: 'log' } },
    strategy: {
      kind: 'halving',
      epochs: 'retrain.epochs',
      minEpochs: 1,
      maxEpochs: 4,
      factor: 2,
    },
  };

  test('the best of each rung go on for longer, and the best of the last is chosen', async () => {
    await using folder = await prepare();
    const { findings } = await folder.run(halving);
    // 4 for 1 epoch, 2 for 2, 1 for 4.
    expect(folder.ran()).toBe(7);
    expect(findings.settings.map(({ epochs }) => epochs)).toEqual([4, 2, 1, 1]);
    expect(findings.best!.epochs).toBe(4);
    expect(findings.best!.recipe.retrain.epochs).toBe(4);
    const plan = await SweepPlan.of(await savedSweep(folder.at('out')));
    const first = await Promise.all(
      plan.slots.slice(0, 4).map(async (slot) => {
        const trial = plan.trial(slot, new Map());
        if (typeof trial !== 'object') throw new Error('unknown');
        const result = await readResult(trialFolder(folder.at('out'), trial.id));
        return { point: trial.point, loss: result!.numbers!.compact!.valLoss! };
      }),
    );
    const best = first.toSorted((a, b) => a.loss - b.loss).slice(0, 2);
    const gone = findings.settings.slice(0, 2).map(({ point }) => point);
    for (const { point } of best) expect(gone).toContainEqual(point);
  });

  test('the task of a later rung runs what it waits for, where nobody does', async () => {
    await using folder = await prepare();
    const { findings } = await folder.run(halving, { index: 6 });
    expect(folder.ran()).toBe(7);
    expect(findings.best!.epochs).toBe(4);
  });
});

test('a report is made again of the folder alone', async () => {
  await using folder = await prepare();
  const { findings } = await folder.run();
  await rm(folder.at('out/sweep.html'));
  const again = await sweepOutcome(await savedSweep(folder.at('out')), folder.at('out'));
  expect(again.findings).toEqual(findings);
  expect(existsSync(folder.at('out/sweep.html'))).toBe(true);
  await expect(savedSweep(folder.at('data'))).rejects.toMatchObject({ code: 'SWEEP_RUN' });
});

test('OUT_EXISTS: the folder of another sweep; data that are wrong end it before the first trial', async () => {
  await using folder = await prepare();
  await folder.run({}, { index: 0 });
  await expect(folder.run({ name: 'other' })).rejects.toMatchObject({ code: 'OUT_EXISTS' });
  const out = folder.at('second');
  await expect(folder.run({ folds: { count: 5 } }, { out })).rejects.toMatchObject({
    code: 'DATASET_SPLIT',
  });
  await expect(folder.run({}, { out, data: folder.at('nowhere') })).rejects.toMatchObject({
    code: 'FOLDER_READ',
  });
  expect(existsSync(`${out}/trials`)).toBe(false);
});

test('folds, seeds and settings: each trial is trained on what the others are measured on', async () => {
  const loaded = await loadSweep({ ...sweep, seeds: [1, 2] });
  const listed = await listTrials(loaded);
  expect(listed).toHaveLength(8);
  expect(new Set(listed.map(({ trial }) => trial!.id)).size).toBe(8);
  expect(listed[3]!.trial!.recipe).toEqual({
    ...tinyRecipe,
    seed: 2,
    data: { test: { fold: 1, folds: 2, seed: 0, share: 1 } },
    retrain,
  });
});
