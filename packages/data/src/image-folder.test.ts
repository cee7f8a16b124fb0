import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Generator } from '@kcr/core';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { imageFolder } from './image-folder.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();

/** Two classes of one image each: the left half black. */
async function makeFolder(name: string): Promise<string> {
  const colours = { blue: [0, 0, 255], red: [255, 0, 0] };
  for (const [label, colour] of Object.entries(colours)) {
    await mkdir(at(name, label), { recursive: true });
    const data = Uint8Array.from({ length: 10 * 20 * 3 }, (_, i) =>
      Math.floor(i / 3) % 20 < 10 ? 0 : colour[i % 3]!,
    );
    const raw = { height: 10, width: 20, channels: 3 as const };
    await sharp(data, { raw })
      .png()
      .toFile(at(name, label, 'a.png'));
  }
  return at(name);
}
let folder: string;
beforeAll(async () => {
  folder = await makeFolder('good');
});

test('classes by name, images of one size, and how they came to it', async () => {
  const source = await imageFolder(folder, { size: 8 });
  expect(source.classes).toEqual(['blue', 'red']);
  expect([...source.labels]).toEqual([0, 1]);
  expect(source.shape).toEqual([8, 8, 3]);
  expect(source.framing).toEqual({ interpolation: 'bicubic', crop_mode: 'center', crop_pct: 1 });
  const { data, shape } = await source.pixels(1);
  expect(shape).toEqual([8, 8, 3]);
  // The square is the middle of the image.
  expect([...data.slice(0, 3)]).toEqual([0, 0, 0]);
  expect([...data.slice(21, 24)]).toEqual([255, 0, 0]);
});

test('labels are places among classes that were given; grey and crop are passed on', async () => {
  const classes = ['red', 'green', 'blue'];
  const source = await imageFolder(folder, { size: 4, classes, channels: 1, cropRatio: 0.5 });
  expect([...source.labels]).toEqual([2, 0]);
  expect(source.shape).toEqual([4, 4, 1]);
  expect(source.framing?.crop_pct).toBe(0.5);
  expect((await source.pixels(0)).shape).toEqual([4, 4, 1]);
});

describe('decoded images are remembered', () => {
  test.each([
    ['within the bytes that are allowed', { cacheBytes: 2 * 4 * 4 * 3 }, true],
    ['but not beyond them', { cacheBytes: 2 * 4 * 4 * 3 - 1 }, false],
  ])('%s', async (_, options, kept) => {
    const source = await imageFolder(await makeFolder('cached'), { size: 4, ...options });
    const before = await source.pixels(0);
    await rm(at('cached', 'blue', 'a.png'));
    const again = Promise.resolve(source.pixels(0));
    if (kept) expect(await again).toBe(before);
    else await expect(again).rejects.toThrow(expect.objectContaining({ code: 'IMAGE_READ' }));
  });
});

test('training images are cut from the original at random, others are not', async () => {
  const source = await imageFolder(folder, { size: 4, resizedCrop: { scale: [0.05, 0.1] } });
  const generator = new Generator(1);
  const cuts = await Promise.all(
    Array.from({ length: 20 }, async () => (await source.pixels(0, generator)).data.join()),
  );
  expect(new Set(cuts).size).toBeGreaterThan(1);
  // Some are of the black half alone, some of the blue one.
  expect(cuts).toContain(Array(48).fill(0).join());
  expect(cuts).toContain(Array(16).fill('0,0,255').join());
  expect(await source.pixels(0)).toEqual(await (await imageFolder(folder, { size: 4 })).pixels(0));
});

test('images need not be squares, cut at random or not', async () => {
  const source = await imageFolder(folder, { size: [3, 8], resizedCrop: {} });
  expect(source.shape).toEqual([3, 8, 3]);
  for (const generator of [undefined, new Generator(1)])
    expect((await source.pixels(0, generator)).shape).toEqual([3, 8, 3]);
});

test('images that cannot be read may be left out and counted', async () => {
  const root = await makeFolder('damaged');
  const path = at('damaged', 'blue', 'b.png');
  const whole = await readFile(at('damaged', 'blue', 'a.png'));
  await writeFile(path, whole.subarray(0, whole.length / 2));
  const strict = await imageFolder(root, { size: 8 });
  expect([...strict.labels]).toEqual([0, 0, 1]);
  await expect(strict.pixels(1)).rejects.toMatchObject({ code: 'IMAGE_READ', where: path });
  const source = await imageFolder(root, { size: 8, invalid: 'skip' });
  expect([...source.labels]).toEqual([0, 1]);
  expect(source.skipped).toEqual({ IMAGE_READ: 1 });
  expect(await source.pixels(1)).toEqual(await strict.pixels(2));
  await writeFile(at('damaged', 'blue', 'a.png'), '');
  await writeFile(at('damaged', 'red', 'a.png'), '');
  await expect(imageFolder(root, { size: 8, invalid: 'skip' })).rejects.toMatchObject({
    code: 'DATASET_EMPTY',
    found: 'none of 3 images can be read',
  });
});

test.each([0, -0.5, 1.01, Number.NaN])(
  'OPTION for a crop of %d of the image',
  async (cropRatio) => {
    await expect(imageFolder(folder, { size: 8, cropRatio })).rejects.toMatchObject({
      code: 'OPTION',
      where: 'cropRatio',
    });
  },
);

test('folders that are none of the classes, or none at all: FOLDER_CLASSES', async () => {
  await copyFile(at('good', 'red', 'a.png'), at('good', 'loose.png'));
  for (const [root, classes, found] of [
    [folder, ['red'], 'unknown classes blue'],
    [at('good', 'red'), undefined, 'no class folders'],
  ] as const)
    await expect(imageFolder(root, { size: 8, classes })).rejects.toThrow(
      expect.objectContaining({ code: 'FOLDER_CLASSES', where: root, found }),
    );
  await expect(imageFolder(at('nowhere'), { size: 8 })).rejects.toThrow(
    expect.objectContaining({ code: 'FOLDER_READ' }),
  );
});

test('images that cannot be read are left out and counted where they may be', async () => {
  const root = await makeFolder('partly');
  await writeFile(at('partly', 'red', 'empty.jpg'), '');
  await writeFile(at('partly', 'red', 'page.jpg'), '<html></html>');
  const whole = await imageFolder(root, { size: 4 });
  await expect(whole.pixels(2)).rejects.toThrow(expect.objectContaining({ code: 'IMAGE_READ' }));
  const source = await imageFolder(root, { size: 4, invalid: 'skip' });
  expect([...source.labels]).toEqual([0, 1]);
  expect(source.skipped).toEqual({ IMAGE_READ: 2 });
  expect((await source.pixels(1)).shape).toEqual([4, 4, 3]);
});

test('a folder with the name of two classes: FOLDER_CLASSES', async () => {
  const classes = ['red', 'blue', 'red'];
  await expect(imageFolder(folder, { size: 4, classes })).rejects.toThrow(
    expect.objectContaining({
      code: 'FOLDER_CLASSES',
      found: expect.stringContaining('0 and 2'),
    }),
  );
});
