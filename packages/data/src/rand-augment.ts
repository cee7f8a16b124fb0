import type { Generator } from '@kcr/core/ground';
import { affineTransform, rotate } from './affine-transform.ts';
import type { Augment } from './augment.ts';
import { portable } from './described.ts';
import { brightness, contrast, saturation, sharpness } from './enhancements.ts';
import type { Pixels } from './image.ts';
import { autoContrast, equalize, mapValues, posterize, solarize, table } from './value-tables.ts';

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
export const randAugment = ({
  magnitude = 9,
  magnitudeStd = 0.5,
  layers = 2,
  probability = 0.5,
}: RandAugmentOptions = {}): Augment =>
  portable('randAugment', { magnitude, magnitudeStd, layers, probability }, (image, generator) => {
    let changed = image;
    for (let i = 0; i < layers; i++) {
      const change = CHANGES[generator.integer(CHANGES.length)]!;
      if (generator.uniform() >= probability) continue;
      const strength = magnitude + magnitudeStd * generator.normal();
      changed = change(changed, Math.min(Math.max(strength, 0), 10) / 10, generator);
    }
    return changed;
  });

/** A change of an image; `strength` is 0 to 1. */
type Change = (image: Pixels, strength: number, generator: Generator) => Pixels;

const sign = (generator: Generator) => (generator.uniform() < 0.5 ? -1 : 1);

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
