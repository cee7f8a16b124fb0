import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { startOf } from '@kcr/core/internal';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../testing/tiny.ts';
import { openRun } from './open-run.ts';

/** The id of a process that has ended. */
async function ended(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid!;
}

const since = '2020-01-01T00:00:00.000Z';
const own = { host: hostname(), pid: process.pid, start: startOf(process.pid), since };

test('a folder is one run’s until that ends; it stays if anything was made in it', async () => {
  await using folder = await temporaryFolder();
  {
    await using _ = await openRun(folder.at('run'));
    const holder = JSON.parse(await readFile(folder.at('run', 'run.lock'), 'utf8'));
    expect(holder).toMatchObject({ host: hostname(), pid: process.pid });
    expect(Date.now() - Date.parse(holder.since)).toBeLessThan(60_000);
    await expect(openRun(folder.at('run'))).rejects.toMatchObject({
      code: 'OUT_LOCKED',
      where: folder.at('run', 'run.lock'),
      found: `a run of process ${process.pid} on ${hostname()} since ${holder.since}`,
    });
  }
  expect(await readdir(folder.root)).toEqual([]);
  {
    await using _ = await openRun(folder.at('run'));
    await writeFile(folder.at('run', 'made'), 'x');
  }
  expect(await readdir(folder.at('run'))).toEqual(['made']);
});

test('of many that open a folder at once, one has it', async () => {
  await using folder = await temporaryFolder();
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => openRun(folder.root)));
  const opened = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(opened).toHaveLength(1);
  await opened[0]![Symbol.asyncDispose]();
});

describe('a lock that was left', () => {
  test.each<[string, () => Promise<object>]>([
    ['by a process that has ended', async () => ({ ...own, pid: await ended() })],
    ['by an earlier process of an id', async () => ({ ...own, start: 'another boot 1' })],
  ])('%s is taken over', async (_, holder) => {
    await using folder = await temporaryFolder();
    await writeFile(folder.at('run.lock'), JSON.stringify(await holder()));
    await using _opened = await openRun(folder.root);
    const now = JSON.parse(await readFile(folder.at('run.lock'), 'utf8'));
    expect(now.since).not.toBe(since);
    expect(await readdir(folder.root)).toEqual(['run.lock']);
  });

  test.each<[string, string, string]>([
    ['by this process', JSON.stringify(own), `process ${process.pid} on ${hostname()}`],
    [
      'on another machine',
      JSON.stringify({ ...own, host: 'elsewhere', pid: 1 }),
      `process 1 on elsewhere since ${since}`,
    ],
    ['without a holder', '{}', 'a lock that does not say whose it is'],
    ['without content', '', 'a lock that does not say whose it is'],
  ])('%s is kept', async (_, text, found) => {
    await using folder = await temporaryFolder();
    await writeFile(folder.at('run.lock'), text);
    await expect(openRun(folder.root)).rejects.toMatchObject({
      code: 'OUT_LOCKED',
      found: expect.stringContaining(found),
    });
    expect(await readFile(folder.at('run.lock'), 'utf8')).toBe(text);
  });
});

describe('a lock of a job of Slurm', () => {
  const job = { cluster: 'here', id: '17', restarts: 1 };
  const of = (change: object) =>
    JSON.stringify({ ...own, host: 'elsewhere', job: { ...job, ...change } });
  const env = (restarts: string | undefined) => {
    vi.stubEnv('SLURM_CLUSTER_NAME', 'here');
    vi.stubEnv('SLURM_JOB_ID', '17');
    vi.stubEnv('SLURM_RESTART_COUNT', restarts);
  };
  afterEach(() => void vi.unstubAllEnvs());

  test('says which', async () => {
    await using folder = await temporaryFolder();
    env(undefined);
    await using _ = await openRun(folder.root);
    const holder = JSON.parse(await readFile(folder.at('run.lock'), 'utf8'));
    expect(holder.job).toEqual({ ...job, restarts: 0 });
  });

  test('that was put back since is taken over', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.at('run.lock'), of({}));
    env('2');
    await using _ = await openRun(folder.root);
  });

  test.each<[string, object, string]>([
    ['that runs', {}, '1'],
    ['that is another', { id: '18' }, '2'],
    ['of another cluster', { cluster: 'there' }, '2'],
    ['that says nothing of itself', { restarts: undefined }, '2'],
  ])('%s is kept', async (_, change, restarts) => {
    await using folder = await temporaryFolder();
    await writeFile(folder.at('run.lock'), of(change));
    env(restarts);
    await expect(openRun(folder.root)).rejects.toMatchObject({ code: 'OUT_LOCKED' });
  });
});

test('what has the name of a lock and is none is kept, and ends the run', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.at('a', 'run.lock'), { recursive: true });
  await expect(openRun(folder.at('a'))).rejects.toMatchObject({
    code: 'OUT_WRITE',
    where: folder.at('a', 'run.lock'),
  });
  await mkdir(folder.at('b'));
  await symlink(folder.at('nothing'), folder.at('b', 'run.lock'));
  await expect(openRun(folder.at('b'))).rejects.toMatchObject({ code: 'OUT_LOCKED' });
  for (const name of ['a', 'b']) expect(await readdir(folder.at(name))).toEqual(['run.lock']);
});

test('what a process that ended was writing is removed', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.at('dense'));
  await writeFile(folder.at('dense', `model.json.0.${await ended()}.tmp`), 'x');
  await using _ = await openRun(folder.root);
  expect(await readdir(folder.at('dense'))).toEqual([]);
});
