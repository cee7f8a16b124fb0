// What it costs to read training images: 224 px from JPEG files of 500 x 375, cut at random, mirrored, RandAugment, erasing.
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { batches, batchOrder, Generator, range } from '@kcr/core';
import { horizontalFlip, imageDataset, imageFolder, randAugment, randomErasing } from '@kcr/data';
import sharp from 'sharp';

const BATCH = 64;
const IMAGES = 4 * BATCH;
const EPOCHS = 3;

/** A picture of smooth shapes and fine grain, whose file is as large as that of a photograph of its size. */
async function picture(generator: Generator): Promise<Buffer> {
  const noise = async (width: number, height: number) => {
    const pixels = Uint8Array.from({ length: width * height * 3 }, () => generator.integer(256));
    const small = sharp(pixels, { raw: { width, height, channels: 3 } });
    return small.resize(500, 375, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer();
  };
  const [coarse, middle, fine] = await Promise.all([noise(8, 6), noise(32, 24), noise(160, 120)]);
  const mixed = Uint8Array.from(
    coarse!,
    (value, at) => 0.6 * value + 0.28 * middle![at]! + 0.12 * fine![at]!,
  );
  return sharp(mixed, { raw: { width: 500, height: 375, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** Writes class folders of such pictures. @returns the folder */
export async function makeImages(): Promise<{ folder: string; kilobytes: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'kcr-bench-'));
  let bytes = 0;
  for (let i = 0; i < IMAGES; i++) {
    const at = join(folder, String(i % 4));
    await mkdir(at, { recursive: true });
    const { size } = await sharp(await picture(new Generator(i))).toFile(join(at, `${i}.jpg`));
    bytes += size;
  }
  return { folder, kilobytes: bytes / IMAGES / 1e3 };
}

/** Milliseconds for each image of some epochs after a first one. */
export async function loadImages(folder: string, workers: number): Promise<{ ms: number }> {
  const source = await imageFolder(folder, { size: 224, resizedCrop: {}, cacheBytes: 0 });
  const data = imageDataset(source, {
    normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    augment: [horizontalFlip(), randAugment(), randomErasing({ probability: 0.25 })],
    workers,
  });
  const order = Array.from({ length: EPOCHS + 1 }, () => batchOrder(range(IMAGES), BATCH)).flat();
  let started = 0;
  let read = 0;
  for await (const { indices } of batches(data, order, (i) => new Generator(i))) {
    read += indices.length;
    if (read === IMAGES) started = performance.now();
  }
  return { ms: (performance.now() - started) / (EPOCHS * IMAGES) };
}
