import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Raw, readRaw, writeRaw } from './raw.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-claims-'));
});
afterAll(() => rm(folder, { recursive: true }));

const outcome = (top1: number) => ({ numbers: { top1 }, right: { test: 'AA==' } });
const raw: Raw = {
  settings: { images: 10 },
  outcomes: { a: { 0: outcome(0.5), 1: outcome(0.25) }, b: { 0: outcome(1) } },
};

test('results are read as they were written, a line for each unit and seed', async () => {
  const path = join(folder, 'a.json');
  expect(await readRaw(path, raw.settings)).toEqual({ settings: raw.settings, outcomes: {} });
  await writeRaw(path, raw);
  expect(await readRaw(path, raw.settings)).toEqual(raw);
  expect(
    (await readFile(path, 'utf8')).split('\n').filter((line) => line.includes('top1')),
  ).toHaveLength(3);
  await expect(readRaw(path, { images: 20 })).rejects.toThrow('has results of');
});
