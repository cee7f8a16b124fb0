import { Generator, plainPreprocessing } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import type { Augment } from './augment.ts';
import { horizontalFlip } from './flips.ts';
import { imageDataset } from './image-dataset.ts';
import type { ImageSource } from './image-source.ts';
import { normalised } from './normalised.ts';
import { pixelSource } from './pixel-source.ts';
import { randomCrop } from './random-crop.ts';

const plain = { mean: [0], std: [1 / 255] };
/** Four images of 2 x 3 pixels. */
const source = pixelSource(
  Uint8Array.from({ length: 24 }, (_, i) => 10 * i),
  [2, 3, 1],
  Int32Array.of(1, 0, 2, 1),
);

test('a batch has images as they were asked for, and their labels', async () => {
  const normalization = { mean: [0.5], std: [0.25] };
  const data = imageDataset(source, { normalization });
  expect(data).toMatchObject({ length: 4, classes: ['0', '1', '2'], shape: [2, 3, 1] });
  const { image, label, target } = await data.batch(Int32Array.of(2, 0));
  expect(image).toEqual(
    normalised([await source.pixels(2), await source.pixels(0)], normalization),
  );
  expect([label.dtype, label.shape, [...label.data]]).toEqual(['int32', [2], [2, 1]]);
  expect(target).toBeUndefined();
});

test('what becomes of an image is said in the terms of checkpoints', () => {
  const framing = { interpolation: 'bicubic', crop_mode: 'center', crop_pct: 0.9 } as const;
  const { input } = imageDataset({ ...source, framing }, { normalization: plain });
  expect(input).toEqual({ ...plainPreprocessing([2, 3, 1]), ...framing, ...plain });
});

describe('training images', () => {
  /** Makes an image of one random number, so that it says which stream it had. */
  const stamp: Augment = ({ shape }, generator) => ({
    shape,
    data: new Uint8Array(6).fill(generator.integer(256)),
  });
  const stamps = async (indices: number[], seed: number) => {
    const data = imageDataset(source, { normalization: plain, augment: [stamp] });
    const { image } = await data.batch(Int32Array.from(indices), new Generator(seed));
    return indices.map((_, n) => image.data[6 * n]);
  };

  test('have streams of their own, whatever else is read', async () => {
    const [one, three] = await stamps([1, 3], 4);
    expect(await stamps([3, 0, 1], 4)).toEqual([three, expect.anything(), one]);
    const all = await stamps([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3], 4);
    // Of twelve numbers below 256 a few may agree.
    expect(new Set(all).size).toBeGreaterThan(6);
  });

  test('change in the order of the changes, others not at all', async () => {
    const white: Augment = ({ shape }) => ({ shape, data: new Uint8Array(6).fill(255) });
    const options = { normalization: plain, augment: [stamp, white] };
    const data = imageDataset(source, options);
    const { image } = await data.batch(Int32Array.of(1), new Generator(1));
    image.data.forEach((x) => expect(x).toBeCloseTo(255, 3));
    const { image: same } = await data.batch(Int32Array.of(1));
    expect(same).toEqual(normalised([await source.pixels(1)], plain));
  });

  test('are decoded with the stream that changes them', async () => {
    const seen: (Generator | undefined)[] = [];
    const watched: ImageSource = {
      ...source,
      pixels(i, generator) {
        seen.push(generator);
        return source.pixels(i);
      },
    };
    const data = imageDataset(watched, { normalization: plain });
    await data.batch(Int32Array.of(0));
    await data.batch(Int32Array.of(0), new Generator(1));
    expect(seen).toEqual([undefined, expect.any(Generator)]);
  });

  test('the same seed gives the same batch', async () => {
    const augment = [horizontalFlip(), randomCrop(1)];
    const data = imageDataset(source, { normalization: plain, augment, mix: { mixup: 0.8 } });
    const batch = () => data.batch(Int32Array.of(0, 1, 2, 3), new Generator(4));
    expect(await batch()).toEqual(await batch());
  });

  test('are mixed with each other, with targets, where that is asked for', async () => {
    const data = imageDataset(source, { normalization: plain, mix: { mixup: 1 } });
    const { target, label } = await data.batch(Int32Array.of(0, 1), new Generator(1));
    expect(target!.shape).toEqual([2, 3]);
    expect([...label.data]).toEqual([1, 0]);
    expect(target!.data[0]! + target!.data[1]!).toBeCloseTo(1, 6);
    expect((await data.batch(Int32Array.of(0, 1))).target).toBeUndefined();
  });
});
