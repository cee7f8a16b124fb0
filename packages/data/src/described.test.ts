import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { described, descriptionOf } from './described.ts';
import { flipped } from './flipped-views.ts';
import { horizontalFlip, transpose, verticalFlip } from './flips.ts';
import { fitted } from './framing.ts';
import { photometricDistortion } from './photometric.ts';
import { randAugment } from './rand-augment.ts';
import { randomCrop } from './random-crop.ts';
import { randomErasing } from './random-erasing.ts';
import { saltAndPepper } from './salt-and-pepper.ts';
import { scaleJitter } from './scale-jitter.ts';
import { shortSide } from './short-side.ts';

test('a function that is described is itself, and says what it was made with', () => {
  const twice = described('twice', { by: 2 }, (x: number) => 2 * x);
  expect(twice(4)).toBe(8);
  expect(descriptionOf(twice)).toEqual({ name: 'twice', options: { by: 2 } });
});

test('another one is known by its name and its text', () => {
  const half = (x: number) => x / 2;
  const text = createHash('sha256').update(half.toString()).digest('hex');
  expect(descriptionOf(half)).toEqual({ name: 'half', options: { text } });
  expect(descriptionOf((x: number) => x / 2).name).toBe('unnamed');
  expect(descriptionOf((x: number) => x / 3)).not.toEqual(descriptionOf((x: number) => x / 2));
});

test.each([
  [horizontalFlip(), { name: 'horizontalFlip', options: { p: 0.5 } }],
  [verticalFlip(0.1), { name: 'verticalFlip', options: { p: 0.1 } }],
  [transpose(), { name: 'transpose', options: { p: 0.5 } }],
  [randomCrop(4), { name: 'randomCrop', options: { padding: 4 } }],
  [saltAndPepper(0.1), { name: 'saltAndPepper', options: { density: 0.1 } }],
  [
    randAugment({ layers: 3 }),
    {
      name: 'randAugment',
      options: { magnitude: 9, magnitudeStd: 0.5, layers: 3, probability: 0.5 },
    },
  ],
  [
    randomErasing({ probability: 1 }),
    { name: 'randomErasing', options: { probability: 1, scale: [0.02, 1 / 3], ratio: 1 / 0.3 } },
  ],
  [photometricDistortion({ hue: 1 }), { name: 'photometricDistortion', options: { hue: 1 } }],
  [fitted, { name: 'fitted', options: {} }],
  [
    shortSide({ short: [1, 2], long: 3 }),
    { name: 'shortSide', options: { short: [1, 2], long: 3 } },
  ],
  [
    flipped(scaleJitter({ scale: [0.1, 2] }), { vertical: 0.5 }),
    {
      name: 'flipped',
      options: {
        of: { name: 'scaleJitter', options: { scale: [0.1, 2], fit: 'inside' } },
        horizontal: 0.5,
        vertical: 0.5,
      },
    },
  ],
])('changes and framings say their name and all their options: %#', (change, description) => {
  expect(descriptionOf(change as () => unknown)).toEqual(description);
});
