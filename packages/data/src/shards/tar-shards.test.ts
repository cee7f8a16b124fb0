import { spawnSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { Generator } from '@kcr/core';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { imageFolder } from '../image-folder.ts';
import { temporaryFolder } from '../testing.ts';
import { padded, writeHeader } from './tar-header.ts';
import { tarShards } from './tar-shards.ts';
import { writeShards } from './write-shards.ts';

const at = temporaryFolder();
const images: Buffer[] = [];

beforeAll(async () => {
  for (let grey = 0; grey < 6; grey++) {
    const background = { r: 40 * grey, g: 0, b: 9 };
    images.push(
      await sharp({ create: { width: 12, height: 8, channels: 3, background } })
        .jpeg()
        .toBuffer(),
    );
  }
  for (const [name, i] of [
    ['b/x.1.jpg', 0],
    ['b/x.1.JPEG', 1],
    ['b/in/y.jpg', 2],
    ['a/z.jpg', 3],
  ] as const) {
    await mkdir(at('folder', ...name.split('/').slice(0, -1)), { recursive: true });
    await writeFile(at('folder', ...name.split('/')), images[i]!);
  }
  await writeFile(at('folder', 'a', 'z.json'), '{"label": 7}');
});

/** A tar file of some files. */
async function write(name: string, files: Record<string, string | Buffer>): Promise<string> {
  const blocks = Object.entries(files).flatMap(([key, content]) => [
    writeHeader(key, Buffer.byteLength(content)),
    padded(Buffer.from(content)),
  ]);
  await writeFile(at(name), Buffer.concat([...blocks, Buffer.alloc(1024)]));
  return at(name);
}

/** All images of a source, and what a batch of training draws of them. */
const pixelsOf = async ({ labels, pixels }: Awaited<ReturnType<typeof tarShards>>) =>
  Promise.all(
    Array.from(labels, async (_, i) => [await pixels(i), await pixels(i, new Generator(i))]),
  );

test('what a process that was killed had written of them is removed', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const left = `left.0.${pid}.tmp`;
  await mkdir(at('killed', left), { recursive: true });
  await writeFile(at('killed', left, '000000.tar'), 'half');
  await writeShards(at('folder'), at('killed', 'left'));
  expect(await readdir(at('killed'))).toEqual(['left']);
});

describe('written from a folder', () => {
  test.each([
    ['one file', 256e6, 1],
    ['a file for each image', 1, 4],
  ])('%s: the images of the folder in its order', async (name, size, shards) => {
    const seen: number[] = [];
    const result = await writeShards(at('folder'), at(name), {
      size,
      onImage: (i) => seen.push(i),
    });
    expect(result).toMatchObject({ images: 4, classes: 2, shards, skipped: {} });
    expect(seen).toEqual([1, 2, 3, 4]);
    const options = { size: 6, resizedCrop: {} };
    const [folder, tars] = [
      await imageFolder(at('folder'), options),
      await tarShards(at(name), options),
    ];
    expect(tars.classes).toEqual(['a', 'b']);
    expect(tars.labels).toEqual(folder.labels);
    expect(await pixelsOf(tars)).toEqual(await pixelsOf(folder));
  });

  test('the same bytes again; names that differ in what stands after a point are kept apart', async () => {
    for (const out of ['first', 'second']) await writeShards(at('folder'), at(out));
    const [a, b] = await Promise.all(
      ['first', 'second'].map((out) => readFile(at(out, '000000.tar'))),
    );
    expect(a).toEqual(b);
    for (const name of ['a/z.json', 'b/x%2E1.jpeg', 'b/x%2E1%2Ejpg.jpg', 'b/in/y.cls'])
      expect(a!.includes(name)).toBe(true);
  });

  test('OUT_EXISTS: nothing is overwritten, and nothing is left beside', async () => {
    await mkdir(at('taken'));
    await writeFile(at('taken', 'file'), 'kept');
    await expect(writeShards(at('folder'), at('taken'))).rejects.toMatchObject({
      code: 'OUT_EXISTS',
    });
    expect(await readdir(at('taken'))).toEqual(['file']);
    await expect(writeShards(at('nowhere'), at('new'))).rejects.toMatchObject({
      code: 'FOLDER_READ',
    });
    expect((await readdir(at())).filter((name) => name.startsWith('new'))).toEqual([]);
  });
});

describe('labels', () => {
  test.each<[string, Record<string, string>, readonly string[], readonly number[]]>([
    ['numbers', { 'k1.cls': '2\n', 'k2.cls': '0' }, ['0', '1', '2'], [2, 0]],
    ['names', { 'k1.cls': 'dog', 'k2.cls': 'cat' }, ['cat', 'dog'], [1, 0]],
    [
      'JSON',
      { 'k1.json': '{"label": 1, "other": []}', 'k2.json': '{"label": 0}' },
      ['0', '1'],
      [1, 0],
    ],
  ])('%s', async (name, files, classes, labels) => {
    const { 'k1.cls': _, ...rest } = files;
    const first = Object.entries(files).filter(([key]) => !(key in rest) || key.startsWith('k1'));
    const second = Object.entries(files).filter(([key]) => key.startsWith('k2'));
    const path = await write(`${name}.tar`, {
      'k1.jpg': images[0]!,
      ...Object.fromEntries(first),
      ...Object.fromEntries(second),
      'k2.png': images[1]!,
    });
    const source = await tarShards(path, { size: 4 });
    expect([source.classes, [...source.labels]]).toEqual([classes, labels]);
  });

  test('class folders, hidden files and texts passed over; the order of classes that are given', async () => {
    const path = await write('folders.tar', {
      'dog/a.jpg': images[0]!,
      'dog/._a.jpg': 'rubbish',
      'README.md': 'text',
      'cat/b.x.jpg': images[1]!,
      'cat/b.y.jpg': images[2]!,
    });
    const source = await tarShards(path, { size: 4, classes: ['dog', 'bird', 'cat'] });
    expect([...source.labels]).toEqual([0, 2, 2]);
    await expect(tarShards(path, { size: 4, classes: ['dog'] })).rejects.toMatchObject({
      code: 'DATASET_CLASSES',
      found: 'unknown classes cat',
    });
  });

  test.each<[string, Record<string, string | Buffer>, string, string]>([
    ['no label', { 'k.jpg': '' }, 'TAR_LABEL', 'k.jpg'],
    ['JSON that is none', { 'k.jpg': '', 'k.json': '{' }, 'TAR_LABEL', 'k.json'],
    ['an empty label', { 'k.jpg': '', 'k.cls': ' ' }, 'TAR_LABEL', 'k.jpg'],
    ['two images of one label', { 'k.jpg': '', 'k.png': '', 'k.cls': '1' }, 'TAR_LABEL', 'k.png'],
    ['a format that is not read', { 'k.bmp': '', 'k.cls': '1' }, 'IMAGE_READ', 'k.bmp'],
  ])('%s: an error, or left out and counted', async (name, files, code, where) => {
    const path = await write(`${name}.tar`, { ...files, 'a/z.jpg': images[0]! });
    await expect(tarShards(path, { size: 4 })).rejects.toMatchObject({
      code,
      where: `${path}, ${where}`,
    });
    const source = await tarShards(path, { size: 4, invalid: 'skip' });
    expect([source.labels.length, source.skipped]).toEqual([1, { [code]: 1 }]);
    // The index that is kept now is not one for those who want an error.
    await expect(tarShards(path, { size: 4 })).rejects.toMatchObject({ code });
  });

  test('a number beyond the names beside the files: DATASET_CLASSES', async () => {
    await mkdir(at('beyond'));
    await write('beyond/0.tar', { 'k.jpg': images[0]!, 'k.cls': '2' });
    await writeFile(at('beyond', 'classes.json'), '["a", "b"]');
    await expect(tarShards(at('beyond'), { size: 4 })).rejects.toMatchObject({
      code: 'DATASET_CLASSES',
    });
    await writeFile(at('beyond', 'classes.json'), '["a", "a", "b"]');
    await expect(tarShards(at('beyond'), { size: 4 })).rejects.toMatchObject({
      code: 'TAR_FORMAT',
    });
  });
});

describe('the index', () => {
  const open = async (name: string) => tarShards(at(name), { size: 4, cacheBytes: 0 });
  const make = (name: string, label: string) =>
    write(name, { 'k.jpg': images[0]!, 'k.cls': label, 'l.jpg': images[1]!, 'l.cls': '0' });

  test('is made once, and again for files of another size or time', async () => {
    await make('index.tar', '1');
    await open('index.tar');
    const first = await readFile(at('index.tar.index'));
    expect([...(await open('index.tar')).labels]).toEqual([1, 0]);
    expect(await readFile(at('index.tar.index'))).toEqual(first);
    await make('index.tar', '2');
    await utimes(at('index.tar'), 1, 1);
    expect([...(await open('index.tar')).labels]).toEqual([2, 0]);
  });

  test('one that is damaged is made again', async () => {
    await make('bad.tar', '1');
    await open('bad.tar');
    const whole = await readFile(at('bad.tar.index'));
    for (const at_ of [whole.length - 3, 20, 9]) {
      const bytes = Buffer.from(whole);
      bytes[at_]! ^= 1;
      await writeFile(at('bad.tar.index'), bytes);
      expect([...(await open('bad.tar')).labels]).toEqual([1, 0]);
      expect(await readFile(at('bad.tar.index'))).toEqual(whole);
    }
  });

  test('an image of a file that was cut off since: IMAGE_READ', async () => {
    await make('cut.tar', '1');
    const source = await open('cut.tar');
    await rename(at('cut.tar'), at('old.tar'));
    await writeFile(at('cut.tar'), (await readFile(at('old.tar'))).subarray(0, 700));
    await expect(source.pixels(0)).rejects.toMatchObject({
      code: 'IMAGE_READ',
      where: `${at('cut.tar')}, k.jpg`,
    });
  });

  test('identity: the contents of the tar files', async () => {
    await make('one.tar', '1');
    const first = await (await open('one.tar')).identity!();
    expect(await (await open('one.tar')).identity!()).toEqual(first);
    await appendFile(at('one.tar'), Buffer.alloc(512));
    expect(await (await open('one.tar')).identity!()).not.toEqual(first);
  });
});

test('a folder without tar files: DATASET_EMPTY; none at all: TAR_FORMAT', async () => {
  await mkdir(at('none'));
  await expect(tarShards(at('none'), { size: 4 })).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
  await expect(tarShards(at('absent'), { size: 4 })).rejects.toMatchObject({ code: 'TAR_FORMAT' });
  await rm(at('none'), { recursive: true });
});
