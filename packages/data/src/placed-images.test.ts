import { mkdir, writeFile } from 'node:fs/promises';
import { Generator, type NdArray } from '@kcr/core';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { cocoInstances } from './coco-instances.ts';
import { flipped } from './flipped-views.ts';
import { instanceDataset } from './instance-dataset.ts';
import { instanceFolder } from './instance-folder.ts';
import { photometricDistortion } from './photometric.ts';
import { scaleJitter } from './scale-jitter.ts';
import { semanticDataset } from './semantic-dataset.ts';
import { semanticFolder } from './semantic-folder.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();
const indices = Int32Array.of(2, 0, 1, 0);
const sizes = [
  [30, 40],
  [24, 24],
  [50, 33],
] as const;

beforeAll(async () => {
  for (const folder of ['images', 'labels']) await mkdir(at(folder));
  for (const [i, [height, width]] of sizes.entries()) {
    const generator = new Generator(i);
    const values = (n: number, most: number) =>
      Uint8Array.from({ length: n }, () => generator.integer(most));
    await sharp(values(height * width * 3, 256), { raw: { height, width, channels: 3 } })
      .jpeg()
      .withExif(i === 0 ? { IFD0: { Orientation: '3' } } : {})
      .toFile(at('images', `${i}.jpg`));
    await sharp(values(height * width, 3), { raw: { height, width, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(at('labels', `${i}.png`));
  }
  const images = sizes.map(([height, width], id) => ({
    id,
    height,
    width,
    file_name: `${id}.jpg`,
  }));
  const annotations = images.map(({ id }) => ({
    id,
    image_id: id,
    category_id: 1,
    bbox: [2 + id, 3, 12, 9],
    area: 108,
    segmentation: [[2 + id, 3, 14 + id, 3, 14 + id, 12, 2 + id, 12]],
  }));
  const categories = [{ id: 1, name: 'thing' }];
  const truth = { images, annotations, categories };
  await writeFile(at('truth.json'), JSON.stringify(truth));
  const [first, ...others] = images;
  const wrong = { ...truth, images: [{ ...first, height: 31 }, ...others] };
  await writeFile(at('wrong.json'), JSON.stringify(wrong));
});

const training = () => ({
  normalization: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] },
  canvas: { height: 32, width: 48 },
  framing: flipped(scaleJitter({ scale: [0.5, 2] }), { vertical: 0.5 }),
  augment: [photometricDistortion()],
});

const kinds = {
  'class maps': async (workers: number) =>
    semanticDataset(await semanticFolder(at(), { classes: ['a', 'b', 'c'] }), {
      ...training(),
      maxClassShare: 0.36,
      workers,
    }),
  'numbered objects': async (workers: number) =>
    instanceDataset(await instanceFolder(at()), { ...training(), workers }),
  'COCO objects': async (workers: number) =>
    instanceDataset(await cocoInstances(at('truth.json'), at('images')), {
      ...training(),
      workers,
    }),
};

const bytesOf = (batch: object) =>
  Object.entries(batch as Record<string, NdArray>).map(([name, { shape, data }]) => [
    name,
    shape,
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
  ]);

test.each(Object.entries(kinds))(
  '%s: the same bits with any number of workers',
  async (_, dataset) => {
    const epochs = async (workers: number) => {
      const data = await dataset(workers);
      const batches = [];
      for (const seed of [1, 2, undefined, 1])
        batches.push(
          await data.batch(indices, seed === undefined ? undefined : new Generator(seed)),
        );
      return batches.map(bytesOf);
    };
    const expected = await epochs(0);
    expect(expected[0]).not.toEqual(expected[1]);
    expect(expected[0]).toEqual(expected[3]);
    for (const workers of [1, 2]) expect(await epochs(workers)).toEqual(expected);
  },
);

test.each([0, 1])('COCO_IMAGE_SIZE with %d workers', async (workers) => {
  const source = await cocoInstances(at('wrong.json'), at('images'));
  const { normalization, canvas } = training();
  const data = instanceDataset(source, { normalization, canvas, workers });
  await expect(data.batch(Int32Array.of(1, 0))).rejects.toMatchObject({
    code: 'COCO_IMAGE_SIZE',
    where: '0.jpg (image 0)',
    found: 'a file of 40 x 30 pixels, annotated as 40 x 31',
  });
});
