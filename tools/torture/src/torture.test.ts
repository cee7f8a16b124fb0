import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, KcrError } from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tryCase } from './case.ts';
import { tortureFiles } from './files.ts';
import { tortureByKills } from './kills.ts';
import { type ReadyTarget, requireFinite } from './target.ts';
import { targets } from './targets/index.ts';

const SEED = 20_261;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-torture-test-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Milliseconds for the cases of a reader. */
const TIME = 250;

test.each(targets)('$name: damaged files are read or refused', async ({ name, ready }) => {
  const folder = join(root, name);
  await mkdir(folder);
  const target = await ready(folder);
  const end = performance.now() + TIME;
  for (let i = 0; performance.now() < end; i++) {
    const answer = await tryCase(target, { target: name, seed: SEED, case: i }, folder);
    const again = `npm run torture -- --only ${name} --seed ${SEED} --case ${i}`;
    expect(['read', 'refused'], `${again}: ${answer.message}`).toContain(answer.outcome);
  }
});

test('files in a process of their own', async () => {
  const options = { seed: SEED, seconds: 0, out: join(root, 'out'), onCase: () => {} };
  const row = await tortureFiles('csv', options);
  expect(row.tried).toBeGreaterThan(0);
  expect(row).toMatchObject({ failed: 0, failures: [] });
});

test('a cascade that was killed gives the same weights', async () => {
  const options = { seed: SEED, seconds: 0, most: 1, out: join(root, 'out'), onCase: () => {} };
  expect((await tortureByKills('cascade', options)).failures).toEqual([]);
});

describe('what a reader may do', () => {
  const refuse = () => {
    throw new KcrError('CSV_READ', { where: 'a', found: 'b', fix: 'c' });
  };
  const work = () => {
    const start = process.cpuUsage();
    const used = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6;
    const numbers = new Float64Array(1e6);
    while (used(process.cpuUsage(start)) < 2.1) numbers.fill(Math.sqrt(numbers[0]! + 1));
  };
  test.each<[string, () => void]>([
    ['read', () => {}],
    ['refused', refuse],
    ['uncaught', () => JSON.parse('')],
    ['wrong', () => requireFinite({ a: [1, Number.NaN] })],
    ['slow', work],
    ['memory', () => new Uint8Array(700 * 2 ** 20).fill(1)],
  ])('%s', async (outcome, read) => {
    const target: ReadyTarget = { mutate: () => ({}), read: async () => read() };
    const answer = await tryCase(target, { target: 'x', seed: 0, case: 0 }, root);
    expect(answer.outcome).toBe(outcome);
  });
});

test('a seed and a case give the same files, others give others', async () => {
  const folder = join(root, 'again');
  await mkdir(folder);
  const target = await targets.find(({ name }) => name === 'safetensors')!.ready(folder);
  const files = (i: number) => target.mutate(new Generator(SEED).fork(String(i)));
  for (let i = 0; i < 20; i++) expect(files(i)).toEqual(files(i));
  expect(
    new Set(Array.from({ length: 20 }, (_, i) => JSON.stringify(files(i)))).size,
  ).toBeGreaterThan(10);
});
