import type { Generator } from '@kcr/core/ground';
import type { Augment } from './augment.ts';
import { portable } from './described.ts';

export interface PhotometricOptions {
  /** Most that is added to or taken from all values, of 255. Default 32. */
  brightness?: number;
  /** Factor of all values. Default 0.5 to 1.5. */
  contrast?: readonly [number, number];
  /** Factor of the saturation, of colour images. Default 0.5 to 1.5. */
  saturation?: readonly [number, number];
  /** Most that the hue is turned, in degrees, of colour images. Default 36. */
  hue?: number;
}

/** A change of the values of one pixel, in 0..255. */
type Change = (pixel: Float64Array) => void;

const between = ([low, high]: readonly [number, number], generator: Generator) =>
  low + (high - low) * generator.uniform();

const scaled =
  (factor: number, shift = 0): Change =>
  (pixel) => {
    for (let c = 0; c < pixel.length; c++)
      pixel[c] = Math.min(Math.max(pixel[c]! * factor + shift, 0), 255);
  };

/** Turns the hue and scales the saturation, in HSV. */
const coloured =
  (turn: number, factor: number): Change =>
  (pixel) => {
    const [r, g, b] = pixel as unknown as [number, number, number];
    const value = Math.max(r, g, b);
    const chroma = value - Math.min(r, g, b);
    if (chroma === 0) return;
    let hue = 4 + (r - g) / chroma;
    if (value === r) hue = (g - b) / chroma;
    else if (value === g) hue = 2 + (b - r) / chroma;
    const saturation = Math.min((chroma / value) * factor, 1);
    for (const [c, shift] of [5, 3, 1].entries()) {
      const k = (((shift + hue + turn / 60) % 6) + 6) % 6;
      pixel[c] = value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
    }
  };

/**
 * Photometric distortion (Liu et al. 2016, as in Swin's semantic segmentation): brightness, contrast, saturation and
 * hue, each with probability 1/2; contrast before or after the colours, with probability 1/2.
 */
export const photometricDistortion = (options: PhotometricOptions = {}): Augment =>
  portable('photometricDistortion', options, (image, generator) => {
    const { brightness = 32, contrast = [0.5, 1.5], saturation = [0.5, 1.5], hue = 36 } = options;
    const maybe = (make: () => Change): Change[] => (generator.uniform() < 0.5 ? [make()] : []);
    const light = maybe(() => scaled(1, between([-brightness, brightness], generator)));
    const early = generator.uniform() < 0.5;
    const contrasts = maybe(() => scaled(between(contrast, generator)));
    const channels = image.shape[2];
    const colours =
      channels === 3
        ? [
            ...maybe(() => coloured(0, between(saturation, generator))),
            ...maybe(() => coloured(between([-hue, hue], generator), 1)),
          ]
        : [];
    const changes = [
      ...light,
      ...(early ? [...contrasts, ...colours] : [...colours, ...contrasts]),
    ];
    if (changes.length === 0) return image;
    const data = new Uint8Array(image.data.length);
    const pixel = new Float64Array(channels);
    for (let at = 0; at < data.length; at += channels) {
      for (let c = 0; c < channels; c++) pixel[c] = image.data[at + c]!;
      for (const change of changes) change(pixel);
      for (let c = 0; c < channels; c++) data[at + c] = Math.round(pixel[c]!);
    }
    return { data, shape: image.shape };
  });
