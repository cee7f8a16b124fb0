import { mkdir, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { Generator, type NdArray } from '@kcr/core';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Augment } from '../augment.ts';
import { horizontalFlip } from '../flips.ts';
import { imageDataset } from '../image-dataset.ts';
import { imageFolder } from '../image-folder.ts';
import { randAugment } from '../rand-augment.ts';
import { randomErasing } from '../random-erasing.ts';
import { temporaryFolder } from '../testing.ts';
import { workerCount } from './pool.ts';

const at = temporaryFolder();
const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };
const indices = Int32Array.of(0, 3, 3, 1, 2, 5, 4, 3, 0, 5, 1, 2);

beforeAll(async () => {
  await mkdir(at('images', 'a'), { recursive: true });
  for (let i = 0; i < 6; i++) {
    const generator = new Generator(i);
    const data = Uint8Array.from({ length: 30 * 40 * 3 }, () => generator.integer(256));
    const image = sharp(data, { raw: { width: 40, height: 30, channels: 3 } });
    await image.jpeg().toFile(at('images', 'a', `${i}.jpg`));
  }
});

/** A change that no other thread knows. */
const darker: Augment = ({ data, shape }, generator) => ({
  data: data.map((value) => value >> generator.integer(3)),
  shape,
});

const own = [horizontalFlip(), randAugment(), randomErasing({ probability: 0.8 })];

const bytesOf = ({ image }: { image: NdArray }) =>
  Buffer.from(image.data.buffer, image.data.byteOffset, image.data.byteLength).toString('base64');

/** Batches of a first epoch, of a second one, and without changes. */
async function epochs(workers: number, folder: object, augment: readonly Augment[]) {
  const source = await imageFolder(at('images'), { size: 16, ...folder });
  const data = imageDataset(source, { normalization, augment, workers });
  const batches = [];
  for (const seed of [1, 2, undefined, 1])
    batches.push(await data.batch(indices, seed === undefined ? undefined : new Generator(seed)));
  return batches.map(bytesOf);
}

describe('the same bits with any number of workers', () => {
  test.each<[string, object, readonly Augment[]]>([
    ['cut at random', { resizedCrop: {} }, own],
    ['remembered', {}, own],
    ['not remembered', { cacheBytes: 0 }, own],
    ['without changes', {}, []],
    [
      'a change that cannot leave its thread, among others',
      { resizedCrop: {} },
      [own[0]!, darker, own[1]!],
    ],
    ['such a change alone', {}, [darker]],
  ])('%s', async (_, folder, augment) => {
    const expected = await epochs(0, folder, augment);
    if (augment.length > 0) expect(expected[0]).not.toBe(expected[1]);
    for (const workers of [1, 2]) expect(await epochs(workers, folder, augment)).toEqual(expected);
  });
});

test('a change of another module is made in the worker', async () => {
  const text = `export const inThread = ({ by }) => ({ data, shape }) =>
    ({ data: data.map(() => by), shape });`;
  await writeFile(at('change.mjs'), text);
  const here: Augment = () => {
    throw new Error('in the main thread');
  };
  const module = pathToFileURL(at('change.mjs')).href;
  const portable = { module, name: 'inThread', options: { by: 255 } };
  const source = await imageFolder(at('images'), { size: 4 });
  const augment = [Object.assign(here, { portable })];
  const data = imageDataset(source, {
    normalization: { mean: [0], std: [1] },
    augment,
    workers: 1,
  });
  const { image } = await data.batch(Int32Array.of(0), new Generator(1));
  expect(new Set(image.data)).toEqual(new Set([1]));
});

describe('errors', () => {
  const data = async (augment: readonly Augment[], folder = 'images') =>
    imageDataset(await imageFolder(at(folder), { size: 16 }), {
      normalization,
      augment,
      workers: 1,
    });
  const load = async (...given: Parameters<typeof data>) =>
    (await data(...given)).batch(Int32Array.of(0, 1), new Generator(1));

  test('an image that cannot be read is the same KcrError, and others are read afterwards', async () => {
    await mkdir(at('bad', 'a'), { recursive: true });
    for (const name of ['0.jpg', '1.jpg']) await writeFile(at('bad', 'a', name), name);
    await expect(load([], 'bad')).rejects.toMatchObject({
      name: 'KcrError',
      code: 'IMAGE_READ',
      where: at('bad', 'a', '0.jpg'),
      fix: expect.stringContaining('Replace the file'),
    });
    expect((await load(own)).image.shape).toEqual([2, 16, 16, 3]);
  });

  test('what a change throws', async () => {
    const change: Augment = () => {
      throw new RangeError('none');
    };
    await expect(load([change])).rejects.toThrow(new RangeError('none'));
    const options = { p: 2 };
    const missing = Object.assign(darker.bind(undefined), { portable: { name: 'none', options } });
    await expect(load([missing as Augment])).rejects.toThrow(TypeError);
  });

  test('DATASET_SHAPE: a change of the shape', async () => {
    const half: Augment = ({ data }) => ({ data: data.slice(0, 384), shape: [8, 16, 3] });
    await expect(load([half])).rejects.toMatchObject({ code: 'DATASET_SHAPE' });
  });
});

describe('how many workers', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['what is given', '3', 2, 2],
    ['the environment', '3', undefined, 3],
    ['none', '0', undefined, 0],
  ])('%s', (_, text, given, expected) => {
    vi.stubEnv('KCR_WORKERS', text);
    expect(workerCount(given)).toBe(expected);
  });

  test('by default some, but not all cores', () => {
    vi.stubEnv('KCR_WORKERS', '');
    expect(workerCount()).toBeGreaterThanOrEqual(0);
    expect(workerCount()).toBeLessThanOrEqual(8);
  });

  test.each(['x', '-1', '1.5', '1000'])('OPTION for %s', (text) => {
    vi.stubEnv('KCR_WORKERS', text);
    expect(() => workerCount()).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'KCR_WORKERS' }),
    );
  });
});
