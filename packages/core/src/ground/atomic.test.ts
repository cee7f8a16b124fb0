import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder, writeAtomic } from './atomic.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-atomic-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('text and bytes are written, folders on the way are made, nothing else is left', async () => {
  const path = join(folder, 'a', 'b', 'text.txt');
  await writeAtomic(path, 'wörter');
  expect(await readFile(path, 'utf8')).toBe('wörter');
  await writeAtomic(join(folder, 'a', 'b', 'bytes'), Uint8Array.of(0, 255, 10));
  expect([...(await readFile(join(folder, 'a', 'b', 'bytes')))]).toEqual([0, 255, 10]);
  expect((await readdir(join(folder, 'a', 'b'))).sort()).toEqual(['bytes', 'text.txt']);
});

test('a shorter content replaces a longer one whole', async () => {
  const path = join(folder, 'file');
  await writeAtomic(path, 'a long content');
  await writeAtomic(path, 'short');
  expect(await readFile(path, 'utf8')).toBe('short');
});

test('of contents that are written at once one is there, whole', async () => {
  const path = join(folder, 'file');
  const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000 * (8 - i)));
  await Promise.all(contents.map((content) => writeAtomic(path, content)));
  expect(contents).toContain(await readFile(path, 'utf8'));
  expect(await readdir(folder)).toEqual(['file']);
});

test('what cannot take its name leaves neither the new file nor a part of it', async () => {
  const path = join(folder, 'taken');
  await mkdir(path);
  await writeFile(join(path, 'old'), 'kept');
  await expect(writeAtomic(path, 'new')).rejects.toMatchObject({ code: 'OUT_WRITE', where: path });
  expect(await readdir(folder)).toEqual(['taken']);
  expect(await readFile(join(path, 'old'), 'utf8')).toBe('kept');
});

test('a reader that opened the old file reads the old content to its end', async () => {
  const path = join(folder, 'read');
  const old = 'old '.repeat(1000);
  await writeAtomic(path, old);
  const reader = await open(path);
  await writeAtomic(path, 'new');
  expect(await reader.readFile('utf8')).toBe(old);
  await reader.close();
  expect(await readFile(path, 'utf8')).toBe('new');
});

test('folders are made by many at once', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 4 }, () => makeFolder(path)));
  expect(await readdir(path)).toEqual([]);
});

// Where Node's own way to make folders never ends.
test.skipIf(process.platform !== 'linux')('OUT_WRITE: where no folder can be made', async () => {
  const path = '/proc/kcr/file';
  await expect(writeAtomic(path, 'x')).rejects.toMatchObject({ code: 'OUT_WRITE', where: path });
});
