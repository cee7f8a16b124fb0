import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Generator, KcrError } from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from './bundle.ts';
import { tryCase } from './case.ts';
import { tortureByCases } from './cases.ts';
import { tortureByKills } from './kills.ts';
import { tortureByPairs } from './pairs.ts';
import { scratchFolder } from './scratch.ts';
import { type ReadyTarget, requireFinite } from './target.ts';
import { readers, targets } from './targets/index.ts';

const SEED = 20_261;

let root: string;
let worker: string;
beforeAll(async () => {
  root = await scratchFolder();
  worker = `${await bundle('kcr-torture-test')}/worker.mjs`;
});
afterAll(() => rm(root, { recursive: true }));

/** Milliseconds for the cases of a reader. */
const TIME = 250;
const more = () => ({ worker, seed: SEED, seconds: 0, out: join(root, 'out'), onCase: () => {} });

/** Tries some cases of a target here. */
async function tryHere(name: string, numbers: Iterable<number>, milliseconds = 60_000) {
  const folder = join(root, name);
  await mkdir(folder);
  const target = await targets.find((one) => one.name === name)!.ready(folder);
  const end = performance.now() + milliseconds;
  for (const i of numbers) {
    const answer = await tryCase(target, { target: name, seed: SEED, case: i }, folder);
    const again = `npm run torture -- --only ${name} --seed ${SEED} --case ${i}`;
    expect(['read', 'refused'], `${again}: ${answer.message}`).toContain(answer.outcome);
    if (performance.now() > end) return;
  }
}

function* from(first: number) {
  for (let i = first; ; i++) yield i;
}

test.each(readers)('$name: damaged files are read or refused', ({ name }) =>
  tryHere(name, from(0), TIME),
);

// The last ones are of runs that lose power twice, or that go on.
test.each<[string, number[]]>([
  ['crash-cascade', [0, 1, 2, 3, 4, 5, 1000, 1001]],
  ['crash-compress', [0, 1, 1000]],
  ['refuse-cascade', [0, 1, 2, 3, 1000]],
  ['refuse-compress', [0]],
])('%s: a run that is disturbed comes to the same end', tryHere);

test('files in a process of their own', async () => {
  const row = await tortureByCases('csv', more());
  expect(row.tried).toBeGreaterThan(0);
  expect(row).toMatchObject({ failed: 0, failures: [] });
});

test.each(['cascade', 'compress'])('%s that was killed comes to the same end', async (stage) => {
  expect((await tortureByKills(stage, more(), 1)).failures).toEqual([]);
});

test('two processes in one folder come to the same end', async () => {
  expect((await tortureByPairs('cascade', more())).failures).toEqual([]);
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
  /** More than this process has ever had. */
  const fillMemory = () => {
    const free = 1024 * process.resourceUsage().maxRSS - process.memoryUsage().rss;
    new Uint8Array(free + 700 * 2 ** 20).fill(1);
  };
  test.each<[string, () => void]>([
    ['read', () => {}],
    ['refused', refuse],
    ['uncaught', () => JSON.parse('')],
    ['wrong', () => requireFinite({ a: [1, Number.NaN] })],
    ['slow', work],
    ['memory', fillMemory],
  ])('%s', async (outcome, read) => {
    const target: ReadyTarget = { mutate: () => ({}), read: async () => read() };
    const answer = await tryCase(target, { target: 'x', seed: 0, case: 0 }, root);
    expect(answer.outcome).toBe(outcome);
  });
});

test('a seed and a case give the same files, others give others', async () => {
  const folder = join(root, 'again');
  await mkdir(folder);
  const target = await readers.find(({ name }) => name === 'safetensors')!.ready(folder);
  const files = (i: number) => target.mutate(new Generator(SEED).fork(String(i)));
  for (let i = 0; i < 20; i++) expect(files(i)).toEqual(files(i));
  expect(
    new Set(Array.from({ length: 20 }, (_, i) => JSON.stringify(files(i)))).size,
  ).toBeGreaterThan(10);
});
