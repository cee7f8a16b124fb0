import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { float32, int32, type NdArray } from '../ground/array.ts';
import { readSafetensors } from '../ground/safetensors.ts';
import { loadRun, type RunState, saveRun, snapshotsFile } from './resume.ts';
import { runIdentity } from './run-identity.ts';
import { writeState } from './state-file.ts';
import { regression, tinyImages, tinyModel } from './testing.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kcr-resume-'));
});
afterEach(() => rm(directory, { recursive: true }));

const identity = (seed: number) =>
  runIdentity({
    stage: 'fit',
    model: tinyModel(regression),
    data: { train: tinyImages([[0, 1]], [0]) },
    extensions: [],
    options: { seed },
  });

const run: RunState = {
  trainer: {
    arrays: {
      'weight:head.bias': float32([2], [0.1, -1e-30]),
      'm:mask/alpha': float32([], [3]),
      'weight:norm.num_batches_tracked': int32([], [7]),
      empty: float32([0, 2]),
    },
    counts: { weights: 4, architecture: 2 },
  },
  epoch: 2,
  history: [
    { epoch: 1, loss: 0.1 + 0.2, lr: 1e-5 },
    { epoch: 2, loss: 0.25, valTop1: 1 / 3 },
  ],
  snapshots: { 'mask/a': float32([2, 3], [1, 2, 3, 4, 5, 6]) },
};

test('a run is read as it was saved, to the bit', async () => {
  await saveRun(directory, run, await identity(1));
  expect(await loadRun(directory, await identity(1), 3)).toEqual(run);
});

const within: RunState = {
  ...run,
  within: {
    step: 3,
    totals: { loss: 0.1 + 0.2, ce: -1e-300 },
    seconds: 1.5,
    random: { shared: [1, -2, 3, 2 ** 31 - 1], ranks: [[-(2 ** 31), 0, 0, 0]] },
  },
};

test('a run within an epoch is read as it was saved, and nothing is written for people', async () => {
  await saveRun(directory, within, await identity(1));
  expect(await loadRun(directory, await identity(1), 3)).toEqual(within);
  expect(await readdir(directory)).toEqual(['training.safetensors']);
});

test('a later epoch takes the place of an earlier one', async () => {
  await saveRun(directory, run, await identity(1));
  const history = [...run.history, { epoch: 3, loss: 0.125 }];
  const snapshots = { 'mask/a': float32([3, 1], [1, 2, 3]) };
  const later = { epoch: 3, history, snapshots, trainer: { arrays: {}, counts: { all: 1 } } };
  await saveRun(directory, later, await identity(1));
  expect(await loadRun(directory, await identity(1), 3)).toEqual(later);
});

test('in a folder without a run there is none to go on with', async () => {
  expect(await loadRun(directory, await identity(1), 3)).toBeUndefined();
  expect(await loadRun(join(directory, 'none'), await identity(1), 3)).toBeUndefined();
});

test('metrics are one JSON line for each epoch, snapshots a file; nothing else is left beside', async () => {
  await saveRun(directory, run, await identity(1));
  const text = await readFile(join(directory, 'metrics.jsonl'), 'utf8');
  expect(text).toBe(
    '{"epoch":1,"loss":0.30000000000000004,"lr":0.00001}\n{"epoch":2,"loss":0.25,"valTop1":0.3333333333333333}\n',
  );
  const { tensors } = await readSafetensors(snapshotsFile(directory));
  expect(tensors).toEqual(run.snapshots);
  expect((await readdir(directory)).sort()).toEqual([
    'metrics.jsonl',
    'snapshots.safetensors',
    'training.safetensors',
  ]);
});

describe('RESUME_MISMATCH', () => {
  const path = () => join(directory, 'training.safetensors');

  test('names what another run has otherwise', async () => {
    await saveRun(directory, run, await identity(1));
    await expect(loadRun(directory, await identity(2), 3)).rejects.toMatchObject({
      code: 'RESUME_MISMATCH',
      where: path(),
      found: 'a run with another options.seed (saved 1, now 2)',
    });
  });
});

describe('STATE_DAMAGED: what no run of three epochs leaves, under a right checksum', () => {
  test.each<[string, object, Record<string, NdArray>?]>([
    ['more epochs than there are', { epoch: 4 }],
    ['epochs below 0', { epoch: -1000000 }],
    ['a part of an epoch', { epoch: 1.5 }],
    ['an epoch that is text', { epoch: '2' }],
    ['no history', { history: undefined }],
    ['a history of fewer epochs', { history: run.history.slice(1) }],
    ['a history in another order', { history: run.history.toReversed() }],
    ['a record that is no number', { history: [run.history[0], { epoch: 2, loss: null }] }],
    ['no counts', { counts: undefined }],
    ['counts of a group that there is not', { counts: { biases: 1 } }],
    ['counts below 0', { counts: { weights: -1 } }],
    ['a place within an epoch after the last', { ...within, epoch: 3 }],
    ['no updates within an epoch', { within: { ...within.within, step: 0 } }],
    [
      'a loss within an epoch that is no number',
      { within: { ...within.within, totals: { loss: null } } },
    ],
    ['seconds that are no number', { within: { ...within.within, seconds: '1' } }],
    ['no random numbers', { within: { ...within.within, random: undefined } }],
    [
      'random numbers of nothing',
      { within: { ...within.within, random: { shared: [0, 0, 0, 0], ranks: [] } } },
    ],
    [
      'random numbers of another kind',
      { within: { ...within.within, random: { shared: [1, 2, 3, 2 ** 32], ranks: [] } } },
    ],
    ['snapshots of fewer epochs', {}, { 'snapshot:mask/a': float32([1, 3], [1, 2, 3]) }],
  ])('%s', async (_, change, snapshots = {}) => {
    const { epoch, history, trainer } = run;
    const facts = { epoch, history, counts: trainer.counts, ...change };
    const path = join(directory, 'training.safetensors');
    const arrays = { ...trainer.arrays, ...snapshots };
    await writeState(path, { arrays, facts }, await identity(1));
    await expect(loadRun(directory, await identity(1), 3)).rejects.toMatchObject({
      code: 'STATE_DAMAGED',
      where: path,
    });
  });
});
