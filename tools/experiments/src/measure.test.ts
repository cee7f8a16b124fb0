import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Measurement, measure } from './measure.ts';
import { readRaw } from './raw.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-measure-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('what was measured is not measured again, and all units of a seed come before the next', async () => {
  const path = join(folder, 'raw.json');
  const settings = { images: 10 };
  const runs: string[] = [];
  const unit = (name: string, failsAt = -1): Measurement => ({
    name,
    async run(seed) {
      if (seed === failsAt) throw new Error('stopped');
      runs.push(`${name}${seed}`);
      return { numbers: { seed }, right: {} };
    },
  });
  const told: string[] = [];
  const tell = ({ name }: Measurement, seed: number, isNew: boolean) =>
    told.push(`${name}${seed}${isNew ? '' : ' again'}`);

  await expect(measure(path, settings, [unit('a'), unit('b', 1)], 2, tell)).rejects.toThrow(
    'stopped',
  );
  expect(runs).toEqual(['a0', 'b0', 'a1']);
  expect(JSON.parse(await readFile(path, 'utf8')).outcomes.a[1].numbers.seed).toBe(1);

  await measure(path, settings, [unit('a'), unit('b')], 2, tell);
  expect(runs).toEqual(['a0', 'b0', 'a1', 'b1']);
  expect(told).toEqual(['a0', 'b0', 'a1', 'a0 again', 'b0 again', 'a1 again', 'b1']);
  expect((await readRaw(path)).outcomes.b).toEqual({
    0: { numbers: { seed: 0 }, right: {} },
    1: { numbers: { seed: 1 }, right: {} },
  });

  await expect(measure(path, { images: 11 }, [], 1, tell)).rejects.toThrow('has results of');
});
