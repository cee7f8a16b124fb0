import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@kcr/core';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rleFromMask, rlesFromIds } from './coco/rle-mask.ts';
import { cocoInstances } from './coco-instances.ts';
import { instanceDataset } from './instance-dataset.ts';
import { instanceFolder } from './instance-folder.ts';
import { photometricDistortion } from './photometric.ts';
import { semanticDataset } from './semantic-dataset.ts';
import { semanticFolder } from './semantic-folder.ts';
import { IGNORED } from './semantic-source.ts';

const [HEIGHT, WIDTH] = [24, 32];
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const canvas = { height: 48, width: 64 };

let root: string;
const at = (...parts: string[]) => join(root, ...parts);

/** 0, two objects 3 and 9, and a frame of 255. */
const ids = Uint8Array.from({ length: HEIGHT * WIDTH }, (_, i) => {
  const [y, x] = [Math.floor(i / WIDTH), i % WIDTH];
  if (y === 0) return 255;
  if (y >= 4 && y < 12 && x >= 2 && x < 10) return 3;
  return y >= 8 && y < 20 && x >= 16 && x < 31 ? 9 : 0;
});

const truth = {
  images: [{ id: 5, height: HEIGHT, width: WIDTH, file_name: 'a.png' }],
  categories: [
    { id: 7, name: 'cat' },
    { id: 2, name: 'dog' },
  ],
  annotations: [
    {
      id: 1,
      image_id: 5,
      category_id: 2,
      bbox: [2, 4, 8, 8],
      area: 64,
      iscrowd: 0,
      segmentation: [[2, 4, 10, 4, 10, 12, 2, 12]],
    },
    {
      id: 2,
      image_id: 5,
      category_id: 7,
      bbox: [16, 8, 15, 12],
      area: 180,
      iscrowd: 0,
      segmentation: [[16, 8, 31, 8, 31, 20]],
    },
    {
      id: 3,
      image_id: 5,
      category_id: 7,
      bbox: [0, 0, 32, 24],
      area: 768,
      iscrowd: 1,
      segmentation: { size: [HEIGHT, WIDTH], counts: [0, HEIGHT * WIDTH] },
    },
  ],
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-data-'));
  for (const folder of ['images', 'labels']) await mkdir(at(folder));
  const pixels = Uint8Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) => (i * 7) % 256);
  const raw = { height: HEIGHT, width: WIDTH, channels: 3 as const };
  await sharp(pixels, { raw }).png().toFile(at('images', 'a.png'));
  await writeFile(
    at('labels', 'a.png'),
    encode({ data: ids, height: HEIGHT, width: WIDTH, channels: 1, depth: 8 }),
  );
  await writeFile(at('truth.json'), JSON.stringify(truth));
});
afterAll(() => rm(root, { recursive: true }));

/** A COCO file with one thing changed. */
async function changed(change: (file: typeof truth) => void): Promise<string> {
  const file = structuredClone(truth);
  change(file);
  const path = at('changed.json');
  await writeFile(path, JSON.stringify(file));
  return path;
}

test('masks of numbers are the masks of each', () => {
  const found = rlesFromIds(ids, HEIGHT, WIDTH);
  expect([...found.keys()]).toEqual([3, 9, 255]);
  for (const [id, mask] of found) {
    const own = ids.map((x) => (x === id ? 1 : 0));
    expect(mask).toEqual(rleFromMask(own, HEIGHT, WIDTH));
  }
});

describe('instances', () => {
  test("a COCO file's objects in batches: crowds are left out, places filled up", async () => {
    const source = await cocoInstances(at('truth.json'), at('images'));
    expect(source.classes).toEqual(['cat', 'dog']);
    expect(source.instances(0).map(({ crowd }) => crowd)).toEqual([false, false, true]);
    const data = instanceDataset(source, { normalization, canvas, maskSize: 8 });
    const { image, boxes, labels, masks } = await data.batch(Int32Array.of(0));
    expect(image.shape).toEqual([1, 48, 64, 3]);
    expect([...labels!.data]).toEqual([1, 0]);
    expect([...boxes!.data]).toEqual([4, 8, 20, 24, 32, 16, 62, 40]);
    expect([...masks!.data.slice(0, 64)].every((x) => x === 1)).toBe(true);
    // The triangle has its right angle in the upper right corner.
    const triangle = [...masks!.data.slice(64)];
    expect([triangle[7], triangle[56]]).toEqual([1, 0]);
    expect(triangle.reduce((a, b) => a + b)).toBeCloseTo(36, -1);
  });

  test('numbered objects are what a COCO file of them says', async () => {
    const source = await instanceFolder(root, { className: 'cell' });
    expect(source.classes).toEqual(['cell']);
    expect(source.instances(0).map(({ box }) => box)).toEqual([
      [2, 4, 10, 12],
      [16, 8, 31, 20],
      [0, 0, 32, 1],
    ]);
  });

  test('the same seed gives the same batch', async () => {
    const source = await instanceFolder(root);
    const framing = () => ({
      source: { height: HEIGHT, width: WIDTH },
      canvas,
      top: 3,
      left: 2,
      flipX: true,
      scaled: { height: 48, width: 64 },
    });
    const data = instanceDataset(source, { normalization, canvas, framing });
    const [one, two] = [
      await data.batch(Int32Array.of(0), new Generator(1)),
      await data.batch(Int32Array.of(0), new Generator(1)),
    ];
    expect(one).toEqual(two);
    // Mirrored: what began 4 - 2 pixels from the left ends so far from the right.
    expect(one.boxes!.data[2]).toBe(64 - 2);
  });

  test('an image of another size than its annotations is an error when it is read', async () => {
    const path = await changed((file) => {
      file.images[0]!.height = 2 * HEIGHT;
      file.annotations.splice(2);
    });
    const source = await cocoInstances(path, at('images'));
    await expect(source.pixels(0)).rejects.toThrow(
      expect.objectContaining({ code: 'COCO_IMAGE_SIZE' }),
    );
  });

  test.each([
    [
      'an image that is not there',
      'COCO_IMAGE_FILE',
      (f) => void (f.images[0]!.file_name = 'b.png'),
    ],
    ['an unknown image', 'COCO_IMAGE', (f) => void (f.annotations[0]!.image_id = 6)],
    ['an unknown category', 'COCO_CATEGORY', (f) => void (f.annotations[0]!.category_id = 3)],
    ['an empty box', 'COCO_BOX', (f) => void (f.annotations[0]!.bbox = [2, 4, 0, 8])],
    ['a box outside the image', 'COCO_BOX', (f) => void (f.annotations[0]!.bbox = [30, 4, 8, 8])],
    [
      'runs of another size',
      'RLE_SIZE',
      (f) => void (f.annotations[2]!.segmentation = { size: [8, 8], counts: [0, 64] }),
    ],
  ] as [string, string, (file: typeof truth) => void][])(
    '%s: an error, or left out and counted',
    async (_, code, change) => {
      const path = await changed(change);
      await expect(cocoInstances(path, at('images'))).rejects.toThrow(
        expect.objectContaining({ code }),
      );
      const source = await cocoInstances(path, at('images'), { invalid: 'skip' });
      expect(source.skipped).toEqual({ [code]: 1 });
      const whole = truth.annotations.length;
      const expected = code === 'COCO_IMAGE_FILE' ? 0 : whole - 1;
      expect(source.truth.annotations.length).toBe(expected);
    },
  );
});

describe('class maps', () => {
  const classes = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
  const mapOf = async (options: object) =>
    (await (await semanticFolder(root, { classes, ...options })).classMap(0)).data;

  test('labels are classes; what does not count is ignored', async () => {
    const map = await mapOf({});
    expect([map[0], map[5 * WIDTH + 3], map[9 * WIDTH + 20], map[2 * WIDTH]]).toEqual([
      ...[IGNORED, 3, 9, 0],
    ]);
  });

  test('reduceZeroLabel takes 0 away', async () => {
    const map = await mapOf({ reduceZeroLabel: true });
    expect([map[2 * WIDTH], map[5 * WIDTH + 3], map[0]]).toEqual([IGNORED, 2, IGNORED]);
  });

  test('numbered objects are one class', async () => {
    const map = await mapOf({ instanceIds: true });
    expect([...new Set(map)].sort()).toEqual([0, 1]);
  });

  test('a label that is no class is an error with the file and the label', async () => {
    await expect(mapOf({ classes: ['a', 'b', 'c', 'd'] })).rejects.toThrow(
      expect.objectContaining({ code: 'LABEL_MAP_CLASS', found: expect.stringContaining('9') }),
    );
  });

  test('batches: what the image does not reach is ignored', async () => {
    const source = await semanticFolder(root, { classes });
    const data = semanticDataset(source, { normalization, canvas: { height: 64, width: 64 } });
    const { labels } = await data.batch(Int32Array.of(0));
    expect(labels!.shape).toEqual([1, 64, 64]);
    expect(labels!.data[63 * 64]).toBe(IGNORED);
    expect(labels!.data[20 * 64 + 10]).toBe(3);
  });

  test('labels of another size, or none: an error, or left out and counted', async () => {
    for (const folder of ['other/images', 'other/labels'])
      await mkdir(at(folder), { recursive: true });
    const image = sharp(at('images', 'a.png'));
    for (const name of ['a', 'b', 'c'])
      await image.clone().toFile(at('other/images', `${name}.png`));
    const map = { height: HEIGHT, width: WIDTH, channels: 1 as const, depth: 8 as const };
    await writeFile(at('other/labels/a.png'), encode({ ...map, data: ids }));
    const small = { ...map, height: 4, width: 4, data: new Uint8Array(16) };
    await writeFile(at('other/labels/b.png'), encode(small));
    await expect(semanticFolder(at('other'), { classes })).rejects.toThrow(
      expect.objectContaining({ code: 'LABEL_MAP_SIZE' }),
    );
    const { images, skipped } = await semanticFolder(at('other'), { classes, invalid: 'skip' });
    expect(images.map(({ name }) => name)).toEqual(['a']);
    expect(skipped).toEqual({ LABEL_MAP_SIZE: 1, LABEL_MAP_MISSING: 1 });
  });

  test('a PNG with colours is no label map', async () => {
    await mkdir(at('colour/images'), { recursive: true });
    await mkdir(at('colour/labels'), { recursive: true });
    const image = sharp(at('images', 'a.png'));
    for (const folder of ['images', 'labels'])
      await image.clone().toFile(at('colour', folder, 'a.png'));
    const source = await semanticFolder(at('colour'), { classes });
    await expect(source.classMap(0)).rejects.toThrow(
      expect.objectContaining({ code: 'LABEL_MAP_READ' }),
    );
  });
});

test('photometric distortion keeps grey grey and follows its seed', () => {
  const shape = [8, 8, 3] as const;
  const grey = { data: new Uint8Array(192).fill(100), shape };
  const coloured = { data: Uint8Array.from({ length: 192 }, (_, i) => (i * 53) % 256), shape };
  const distort = photometricDistortion();
  const results = Array.from({ length: 20 }, (_, seed) => distort(coloured, new Generator(seed)));
  expect(new Set(results.map(({ data }) => data.join())).size).toBeGreaterThan(10);
  expect(distort(coloured, new Generator(3))).toEqual(results[3]);
  for (let seed = 0; seed < 20; seed++) {
    const { data } = distort(grey, new Generator(seed));
    for (let i = 0; i < data.length; i += 3)
      expect([data[i + 1], data[i + 2]]).toEqual([data[i], data[i]]);
  }
});
