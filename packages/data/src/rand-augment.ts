import type { Generator } from '@kcr/core';
import type { Augment } from './augment.ts';
import type { Pixels } from './image.ts';

export interface RandAugmentOptions {
  /** Strength, 0 to 10. Default 9. */
  magnitude?: number;
  /** Standard deviation of the strength. Default 0.5. */
  magnitudeStd?: number;
  /** Changes of an image. Default 2. */
  layers?: number;
  /** Probability of each change. Default 0.5. */
  probability?: number;
}

/**
 * RandAugment (Cubuk et al. 2020) with timm's changes and ranges, `rand-m9-mstd0.5`; what comes in at the
 * borders is grey.
 */
export const randAugment =
  ({
    magnitude = 9,
    magnitudeStd = 0.5,
    layers = 2,
    probability = 0.5,
  }: RandAugmentOptions = {}): Augment =>
  (image, generator) => {
    let changed = image;
    for (let i = 0; i < layers; i++) {
      const change = CHANGES[generator.integer(CHANGES.length)]!;
      if (generator.uniform() >= probability) continue;
      const strength = magnitude + magnitudeStd * generator.normal();
      changed = change(changed, Math.min(Math.max(strength, 0), 10) / 10, generator);
    }
    return changed;
  };

/** A change of an image; `strength` is 0 to 1. */
type Change = (image: Pixels, strength: number, generator: Generator) => Pixels;

const GREY = 128;
const sign = (generator: Generator) => (generator.uniform() < 0.5 ? -1 : 1);

/** The same function of every value, as a table for each channel. */
function mapValues(image: Pixels, tables: readonly ArrayLike<number>[]): Pixels {
  const channels = image.shape[2];
  return {
    shape: image.shape,
    data: image.data.map((value, i) => tables[tables.length > 1 ? i % channels : 0]![value]!),
  };
}

const table = (f: (value: number) => number) =>
  Uint8ClampedArray.from({ length: 256 }, (_, v) => f(v));

/** How often each value occurs, by channel. */
function histograms({ data, shape }: Pixels): Int32Array[] {
  const counts = Array.from({ length: shape[2] }, () => new Int32Array(256));
  data.forEach((value, i) => counts[i % shape[2]]![value]!++);
  return counts;
}

/** Each channel stretched to 0..255. */
export const autoContrast = (image: Pixels): Pixels =>
  mapValues(
    image,
    histograms(image).map((counts) => {
      const low = counts.findIndex((n) => n > 0);
      const high = counts.findLastIndex((n) => n > 0);
      return table((v) => (high > low ? ((v - low) * 255) / (high - low) : v));
    }),
  );

/** Each channel's values spread evenly. */
export const equalize = (image: Pixels): Pixels =>
  mapValues(
    image,
    histograms(image).map((counts) => {
      const present = counts.filter((n) => n > 0);
      const step = Math.floor((image.data.length / image.shape[2] - present.at(-1)!) / 255);
      if (present.length < 2 || step === 0) return table((v) => v);
      let below = Math.floor(step / 2);
      return Uint8ClampedArray.from(counts, (n) => {
        const value = Math.floor(below / step);
        below += n;
        return value;
      });
    }),
  );

/** Values from `threshold` on inverted. */
export const solarize = (image: Pixels, threshold: number): Pixels =>
  mapValues(image, [table((v) => (v < threshold ? v : 255 - v))]);

/** The first `bits` bits of every value. */
export const posterize = (image: Pixels, bits: number): Pixels =>
  mapValues(image, [table((v) => v & ~((1 << (8 - bits)) - 1))]);

/** `image` beside `other`: 0 gives `other`, 1 the image, more than 1 goes beyond it. */
const blend = (image: Pixels, other: (i: number) => number, factor: number): Pixels => ({
  shape: image.shape,
  data: Uint8Array.from(
    Uint8ClampedArray.from(image.data, (value, i) => other(i) + factor * (value - other(i))),
  ),
});

/** Brightness of every pixel (ITU-R 601). */
function luma({ data, shape: [height, width, channels] }: Pixels): Float32Array {
  return Float32Array.from({ length: height * width }, (_, p) =>
    channels === 1
      ? data[p]!
      : 0.299 * data[3 * p]! + 0.587 * data[3 * p + 1]! + 0.114 * data[3 * p + 2]!,
  );
}

/** Factor 0 is grey. */
export function saturation(image: Pixels, factor: number): Pixels {
  const grey = luma(image);
  return blend(image, (i) => grey[Math.floor(i / image.shape[2])]!, factor);
}

/** Factor 0 is the mean brightness everywhere. */
export function contrast(image: Pixels, factor: number): Pixels {
  const grey = luma(image);
  const mean = Math.round(grey.reduce((sum, x) => sum + x, 0) / grey.length);
  return blend(image, () => mean, factor);
}

/** Factor 0 is black. */
export const brightness = (image: Pixels, factor: number): Pixels => blend(image, () => 0, factor);

/** Factor 0 is smooth; the border stays. */
export function sharpness(image: Pixels, factor: number): Pixels {
  const [height, width, channels] = image.shape;
  const row = width * channels;
  const smooth = Float32Array.from(image.data);
  for (let y = 1; y < height - 1; y++)
    for (let i = y * row + channels; i < (y + 1) * row - channels; i++) {
      let sum = 4 * image.data[i]!;
      for (const dy of [-row, 0, row])
        for (const dx of [-channels, 0, channels]) sum += image.data[i + dy + dx]!;
      smooth[i] = sum / 13;
    }
  return blend(image, (i) => smooth[i]!, factor);
}

/**
 * Moves pixels: output (x, y) is input (a x + b y + c, d x + e y + f), between four pixels; grey outside.
 */
export function affineTransform(
  image: Pixels,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
): Pixels {
  const [height, width, channels] = image.shape;
  const data = new Uint8Array(image.data.length);
  const at = (x: number, y: number, channel: number) =>
    x >= 0 && x < width && y >= 0 && y < height
      ? image.data[(y * width + x) * channels + channel]!
      : GREY;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [sx, sy] = [a * x + b * y + c, d * x + e * y + f];
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [right, down] = [sx - x0, sy - y0];
      for (let channel = 0; channel < channels; channel++) {
        const above = at(x0, y0, channel) * (1 - right) + at(x0 + 1, y0, channel) * right;
        const below = at(x0, y0 + 1, channel) * (1 - right) + at(x0 + 1, y0 + 1, channel) * right;
        data[(y * width + x) * channels + channel] = Math.round(above * (1 - down) + below * down);
      }
    }
  return { data, shape: image.shape };
}

/** Turns the image about its centre, counter-clockwise. */
export function rotate(image: Pixels, degrees: number): Pixels {
  const [height, width] = image.shape;
  const [cos, sin] = [Math.cos, Math.sin].map((f) => f((-degrees * Math.PI) / 180)) as [
    number,
    number,
  ];
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [c, f] = [cx - cos * cx - sin * cy, cy + sin * cx - cos * cy];
  return affineTransform(image, [cos, sin, c, -sin, cos, f]);
}

const enhance =
  (f: (image: Pixels, factor: number) => Pixels): Change =>
  (image, strength) =>
    f(image, 0.1 + 1.8 * strength);

const CHANGES: readonly Change[] = [
  autoContrast,
  equalize,
  (image) => solarize(image, 0),
  (image, strength, generator) => rotate(image, sign(generator) * 30 * strength),
  (image, strength) => posterize(image, Math.floor(4 * strength)),
  (image, strength) => solarize(image, Math.floor(256 * strength)),
  (image, strength) => {
    const more = Math.min(128, Math.floor(110 * strength));
    return mapValues(image, [table((v) => (v < 128 ? v + more : v))]);
  },
  enhance(saturation),
  enhance(contrast),
  enhance(brightness),
  enhance(sharpness),
  (image, strength, g) => affineTransform(image, [1, sign(g) * 0.3 * strength, 0, 0, 1, 0]),
  (image, strength, g) => affineTransform(image, [1, 0, 0, sign(g) * 0.3 * strength, 1, 0]),
  (image, strength, g) =>
    affineTransform(image, [1, 0, sign(g) * 0.45 * strength * image.shape[1], 0, 1, 0]),
  (image, strength, g) =>
    affineTransform(image, [1, 0, 0, 0, 1, sign(g) * 0.45 * strength * image.shape[0]]),
];
