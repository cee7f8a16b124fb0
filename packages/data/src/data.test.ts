import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Generator } from '@kcr/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvImages } from './csv-images.ts';
import { horizontalFlip, transpose, verticalFlip } from './flips.ts';
import { idxImages } from './idx-images.ts';
import type { Pixels } from './image.ts';
import { imageDataset } from './image-dataset.ts';
import { imageFolder } from './image-folder.ts';
import { randomCrop } from './random-crop.ts';
import { randomRegion } from './random-region.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-data-'));
});
afterAll(() => rm(root, { recursive: true }));

const code = (name: string) => expect.objectContaining({ code: name });
const plain = { mean: [0], std: [1] };

async function colourFolder(name: string): Promise<string> {
  const folder = join(root, name);
  for (const [label, colour] of Object.entries({ blue: [0, 0, 255], red: [255, 0, 0] })) {
    await mkdir(join(folder, label), { recursive: true });
    const [r, g, b] = colour;
    const image = sharp({
      create: { width: 20, height: 10, channels: 3, background: { r, g, b } },
    });
    await image
      .clone()
      .png()
      .toFile(join(folder, label, 'a.png'));
    await image
      .clone()
      .jpeg({ quality: 100 })
      .toFile(join(folder, label, 'b.jpg'));
  }
  return folder;
}

describe('image folders', () => {
  test('give classes by name, images of one size, normalised', async () => {
    const source = await imageFolder(await colourFolder('good'), { size: 8 });
    const data = imageDataset(source, {
      normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    });
    expect(data.classes).toEqual(['blue', 'red']);
    expect([...data.labels]).toEqual([0, 0, 1, 1]);
    const { image, label } = await data.batch(Int32Array.of(2, 0));
    expect(image.shape).toEqual([2, 8, 8, 3]);
    expect([...label.data]).toEqual([1, 0]);
    [1, -1, -1].forEach((x, c) => expect(image.data[c]).toBeCloseTo(x, 1));
    [-1, -1, 1].forEach((x, c) => expect(image.data[8 * 8 * 3 + c]).toBeCloseTo(x, 1));
  });

  test('a batch is the same whatever else is read, also augmented', async () => {
    const source = await imageFolder(await colourFolder('augmented'), { size: 8, resizedCrop: {} });
    const data = imageDataset(source, {
      normalization: plain,
      augment: [horizontalFlip(), randomCrop(2)],
    });
    const once = await data.batch(Int32Array.of(1, 3), new Generator(4));
    const again = await data.batch(Int32Array.of(3), new Generator(4));
    expect([...again.image.data]).toEqual([...once.image.data.slice(8 * 8 * 3)]);
  });

  test('what cannot be read is named', async () => {
    const folder = await colourFolder('bad');
    await writeFile(join(folder, 'red', 'c.jpg'), 'not an image');
    const full = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    await writeFile(join(folder, 'red', 'd.png'), full.subarray(0, full.length / 2));
    const data = imageDataset(await imageFolder(folder, { size: 8 }), { normalization: plain });
    await expect(data.batch(Int32Array.of(4))).rejects.toThrow(code('IMAGE_READ'));
    await expect(data.batch(Int32Array.of(5))).rejects.toThrow(/d\.png/);
    await rm(join(folder, 'blue', 'a.png'));
    await expect(data.batch(Int32Array.of(0))).rejects.toThrow(code('IMAGE_READ'));
    await expect(imageFolder(join(root, 'nowhere'), { size: 8 })).rejects.toThrow(
      code('FOLDER_READ'),
    );
    await expect(imageFolder(join(folder, 'red'), { size: 8 })).rejects.toThrow(
      code('FOLDER_CLASSES'),
    );
    await expect(imageFolder(folder, { size: 8, classes: ['red'] })).rejects.toThrow(
      /unknown classes blue/,
    );
  });
});

test('IDX files, gzipped or not', async () => {
  const images = Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 10, 20, 30, 255]);
  const labels = Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]);
  const path = (name: string) => join(root, name);
  await writeFile(path('images.gz'), gzipSync(images));
  await writeFile(path('labels'), labels);
  await writeFile(path('short'), images.subarray(0, 18));
  const data = imageDataset(await idxImages(path('images.gz'), path('labels')), {
    normalization: plain,
  });
  expect([...data.labels]).toEqual([1, 0]);
  const { image } = await data.batch(Int32Array.of(1));
  expect(image.shape).toEqual([1, 2, 1, 1]);
  expect(image.data[1]).toBeCloseTo(1, 6);
  await expect(idxImages(path('short'), path('labels'))).rejects.toThrow(code('IDX_FORMAT'));
  await expect(idxImages(path('labels'), path('labels'))).rejects.toThrow(code('IDX_FORMAT'));
  await expect(idxImages(path('none'), path('labels'))).rejects.toThrow(code('IDX_READ'));
});

test('CSV images with and without a header', async () => {
  const path = join(root, 'digits.csv');
  await writeFile(path, 'p1,p2,p3,p4,class\n0,16,8,0,1\n16,16,16,16,0\n');
  const source = await csvImages(path, { shape: [2, 2] });
  expect([...source.labels]).toEqual([1, 0]);
  expect([...(await source.pixels(0)).data]).toEqual([0, 255, 128, 0]);
  await writeFile(path, '0,16,8,0,1\n16,99,16,16,0\n');
  await expect(csvImages(path, { shape: [2, 2] })).rejects.toThrow(/image 2/);
  await expect(csvImages(join(root, 'none.csv'))).rejects.toThrow(code('CSV_READ'));
});

test('flips are their own inverses, and crops move whole images', () => {
  const data = Uint8Array.from({ length: 27 }, (_, i) => i + 1);
  const image: Pixels = { data, shape: [3, 3, 3] };
  const generator = new Generator(0);
  for (const flip of [horizontalFlip(1), verticalFlip(1), transpose(1)]) {
    const flipped = flip(image, generator);
    expect(flipped.data).not.toEqual(data);
    expect(flip(flipped, generator).data).toEqual(data);
  }
  expect([...horizontalFlip(1)(image, generator).data.slice(0, 3)]).toEqual([7, 8, 9]);
  for (let i = 0; i < 20; i++) {
    const kept = [...randomCrop(1)(image, generator).data].filter((x) => x > 0);
    expect(kept.length % 3).toBe(0);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
  }
});

test('random regions lie in the image and have the areas asked for', () => {
  const generator = new Generator(1);
  for (let i = 0; i < 200; i++) {
    const { left, top, width, height } = randomRegion(300, 100, generator, { scale: [0.2, 0.5] });
    expect(left >= 0 && top >= 0 && left + width <= 1 && top + height <= 1).toBe(true);
    expect(width * height).toBeLessThanOrEqual(0.51);
  }
});
