import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeLeftovers, temporaryOf } from './temporary.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-temporary-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** The id of a process that has ended. */
async function ended(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid!;
}

test('no name comes twice', () => {
  expect(temporaryOf('a')).not.toBe(temporaryOf('a'));
});

test('what earlier processes were writing is removed, whoever has their ids now', async () => {
  const now = `now.json.0.${process.pid}.tmp`;
  for (const [name, seconds] of [
    [`model.json.0.${process.pid}.tmp`, 0],
    // The first process of a machine, or a container, runs always.
    ['model.json.0.1.tmp', 0],
    [now, Date.now() / 1000],
  ] as const) {
    await writeFile(join(folder, name), 'x');
    await utimes(join(folder, name), seconds, seconds);
  }
  await removeLeftovers(folder);
  expect(await readdir(folder)).toEqual([now]);
});

test('what ended processes were writing is removed, and nothing else', async () => {
  const pid = await ended();
  const kept = [
    `model.json.0.${process.pid}.tmp`,
    'notes.tmp',
    `notes.${pid}.tmp`,
    `0.${pid}.json`,
  ];
  const left = [`model.json.0.${pid}.tmp`, `model.safetensors.12.${pid}.tmp`];
  await mkdir(join(folder, 'in'));
  for (const name of [...kept, ...left]) await writeFile(join(folder, 'in', name), 'x');
  await removeLeftovers(folder);
  expect((await readdir(join(folder, 'in'))).sort()).toEqual(kept.sort());
});

test('of one entry alone, folders too', async () => {
  const pid = await ended();
  for (const name of ['out', 'other', 'in/out'])
    await mkdir(join(folder, `${name}.0.${pid}.tmp`, 'full'), { recursive: true });
  await removeLeftovers(folder, 'out');
  expect((await readdir(folder)).sort()).toEqual(['in', `other.0.${pid}.tmp`]);
  expect(await readdir(join(folder, 'in'))).toEqual([`out.0.${pid}.tmp`]);
});
