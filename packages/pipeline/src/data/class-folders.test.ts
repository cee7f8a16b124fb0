import { rm, writeFile } from 'node:fs/promises';
import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { temporaryFolder, tinyModel, writeClassFolders } from '../testing/tiny.ts';
import { classFolders } from './class-folders.ts';

const normalization = { mean: [0], std: [1] };
type Fields = Parameters<typeof classFolders.read>[0];
const fields: Fields = { train: 'train', test: 'test', augment: [], invalid: 'error' };

/** Reads what has been written into a folder. */
const read = async (root: string, more: Partial<Fields> = {}) =>
  classFolders.read(
    { ...fields, ...more },
    {
      root,
      model: await tinyModel(),
      normalization,
      on: () => {},
    },
  );

test('each image has the class of its folder, in the order of the names', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at(part));
  const { train, test } = await read(folder.root);
  expect(train.classes).toEqual(['dark', 'light']);
  expect(train.labels).toEqual(Int32Array.of(0, 0, 1, 1));
  expect(test.length).toBe(4);
  const { image } = await test.batch(Int32Array.of(1));
  expect(image.data[0]).toBeCloseTo(40 / 255, 5);
});

test('test folders are numbered as the training folders, where one of these is missing', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at(part));
  await rm(folder.at('test', 'dark'), { recursive: true });
  expect((await read(folder.root)).test.labels).toEqual(Int32Array.of(1, 1));
});

test('a test image is cut to its centre; training changes images, testing does not', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'val']) await writeClassFolders(folder.at(part));
  const { train, test } = await read(folder.root, {
    test: 'val',
    cropRatio: 0.5,
    augment: [{ randomErasing: 1 }],
  });
  expect(test.input!.crop_pct).toBe(0.5);
  const [all, generator] = [Int32Array.of(0, 1, 2, 3), new Generator(0)];
  const distinct = ({ image }: { image: { data: ArrayLike<number> } }) =>
    new Set(Array.from(image.data)).size;
  expect(distinct(await train.batch(all))).toBe(4);
  expect(distinct(await train.batch(all, generator))).toBeGreaterThan(4);
  expect(distinct(await test.batch(all, generator))).toBe(4);
});

test('images that cannot be read are left out where that is asked for', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at(part));
  await writeFile(folder.at('train', 'dark', 'damaged.png'), 'no image');
  await writeFile(folder.at('test', 'light', 'damaged.png'), 'no image');
  const { train, test } = await read(folder.root, { invalid: 'skip' });
  for (const { labels } of [train, test]) expect(labels).toEqual(Int32Array.of(0, 0, 1, 1));
});

test('mixed batches have a share of each class', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at(part));
  const { train } = await read(folder.root, { mix: { mixup: 1, probability: 1 } });
  const { target } = await train.batch(Int32Array.of(0, 3), new Generator(1));
  expect(target!.shape).toEqual([2, 2]);
  for (const row of [0, 1])
    expect(target!.data[2 * row]! + target!.data[2 * row + 1]!).toBeCloseTo(1, 5);
  expect(await train.batch(Int32Array.of(0, 3))).not.toHaveProperty('target');
});

test('FOLDER_CLASSES where a test folder is no class of the training images', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at(part));
  await writeClassFolders(folder.at('test', 'nested'));
  await expect(read(folder.root)).rejects.toMatchObject({ code: 'FOLDER_CLASSES' });
  await expect(read(folder.at('train'))).rejects.toMatchObject({ code: 'FOLDER_READ' });
});

test('fields are checked: unknown ones and shares above 1 are wrong', async () => {
  const { '~standard': standard } = classFolders.schema;
  const issuesOf = async (value: object) => (await standard.validate(value)).issues?.length ?? 0;
  expect(await issuesOf({})).toBe(0);
  expect(await issuesOf({ resizedCrop: { scale: [0.08, 1] }, mix: { cutmix: 1 } })).toBe(0);
  for (const wrong of [{ cropRatio: 1.5 }, { crop: 1 }, { mix: { mixup: -1 } }])
    expect(await issuesOf(wrong)).toBe(1);
});

test('what cannot be read is left out, and told of, where the recipe allows it', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at(part));
  await writeFile(folder.at('test', 'dark', 'broken.png'), 'no image');
  const events: PipelineEvent[] = [];
  const context = { root: folder.root, model: await tinyModel(), normalization };
  const { test } = await classFolders.read(
    { ...fields, invalid: 'skip' },
    { ...context, on: (event) => events.push(event) },
  );
  expect(test.length).toBe(4);
  expect(events).toEqual([
    { type: 'skipped', where: folder.at('test'), entries: { IMAGE_READ: 1 } },
  ]);
});
