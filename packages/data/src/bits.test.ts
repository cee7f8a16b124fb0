import { createHash } from 'node:crypto';
import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { affineTransform, rotate } from './affine-transform.ts';
import type { Augment } from './augment.ts';
import { brightness, contrast, saturation, sharpness } from './enhancements.ts';
import { horizontalFlip, transpose, verticalFlip } from './flips.ts';
import type { Pixels } from './image.ts';
import { normalised } from './normalised.ts';
import { photometricDistortion } from './photometric.ts';
import { randAugment } from './rand-augment.ts';
import { randomCrop } from './random-crop.ts';
import { randomErasing } from './random-erasing.ts';
import { resample } from './resample.ts';
import { autoContrast, equalize, posterize, solarize } from './value-tables.ts';

/** Images of several shapes: of all values, of few, and of one. */
const images: readonly Pixels[] = (
  [
    [23, 31, 3, 256],
    [16, 16, 3, 40],
    [9, 40, 1, 256],
    [17, 5, 1, 3],
    [1, 1, 3, 256],
    [8, 8, 3, 1],
  ] as const
).map(([height, width, channels, values], n) => {
  const generator = new Generator(n);
  const length = height * width * channels;
  const data = Uint8Array.from(
    { length },
    () => 7 * n + generator.integer(Math.max(values - 7 * n, 1)),
  );
  return { data, shape: [height, width, channels] };
});

const digest = (parts: readonly Pixels[]): string => {
  const hash = createHash('sha256');
  for (const { data, shape } of parts) hash.update(JSON.stringify(shape)).update(data);
  return hash.digest('hex').slice(0, 16);
};

const drawn = (change: Augment) =>
  images.flatMap((image) =>
    Array.from({ length: 60 }, (_, seed) => change(image, new Generator(seed))),
  );
const made = (change: (image: Pixels, strength: number) => Pixels) =>
  images.flatMap((image) => [0, 0.13, 0.5, 1, 1.9].map((strength) => change(image, strength)));

// What was trained before is trained again to the bit: digests of the first version that there was of each.
test.each<[string, () => Pixels[], string]>([
  ['randAugment', () => drawn(randAugment()), '6931ccef0550a134'],
  [
    'randAugment of more layers',
    () => drawn(randAugment({ layers: 6, probability: 1, magnitudeStd: 3 })),
    '2faa9a67b3111e56',
  ],
  ['randomErasing', () => drawn(randomErasing({ probability: 0.9 })), 'c06b586f2bbed1ab'],
  ['horizontalFlip', () => drawn(horizontalFlip()), 'c264fa07f46b4156'],
  ['verticalFlip', () => drawn(verticalFlip()), '7af20cdc6066bb11'],
  ['transpose', () => drawn(transpose()), 'f06ac3960b7440e1'],
  ['randomCrop', () => drawn(randomCrop(4)), 'b720568dd8d2879d'],
  ['photometricDistortion', () => drawn(photometricDistortion()), 'ec23aeb445af5bc6'],
  ['autoContrast', () => made(autoContrast), '6fc344beca1284c6'],
  ['equalize', () => made(equalize), 'aa791bfc2b36675a'],
  ['posterize', () => made((image, x) => posterize(image, Math.floor(4 * x))), '3df9bcaa2580a776'],
  ['solarize', () => made((image, x) => solarize(image, Math.floor(256 * x))), '41fd46415ff1aeaa'],
  ['brightness', () => made(brightness), 'c8ee609e979f70a7'],
  ['contrast', () => made(contrast), '6f62239fa2887c43'],
  ['saturation', () => made(saturation), 'db061a9b1ee75686'],
  ['sharpness', () => made(sharpness), '5794c88a0fa63fba'],
  ['rotate', () => made((image, x) => rotate(image, 60 * (x - 0.7))), '4b44b20d763880b2'],
  [
    'affineTransform',
    () => made((image, x) => affineTransform(image, [1 - x / 3, x, 3 * x, -x / 2, 1.1, -2 * x])),
    '1330d839a19efce7',
  ],
  [
    'resample',
    () =>
      images.flatMap((image) =>
        (['bilinear', 'bicubic'] as const).flatMap((interpolation) =>
          [
            [7, 7],
            [40, 13],
            [5, 60],
          ].map(([height, width]) =>
            resample(image, { height: height!, width: width! }, { interpolation }),
          ),
        ),
      ),
    '33fc00d8de69ee8d',
  ],
  [
    'normalised',
    () =>
      images.map((image) => {
        const { data } = normalised([image, image], {
          mean: [0.485, 0.456, 0.406],
          std: [0.229, 0.224, 0.225],
        });
        return { data: new Uint8Array(data.buffer), shape: image.shape };
      }),
    '851d319255ea4346',
  ],
])('%s', (_, make, expected) => {
  expect(digest(make())).toBe(expected);
});
