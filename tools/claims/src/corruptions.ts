import { Generator, range } from '@kcr/core';
import { type ImageSource, type Pixels, saltAndPepper } from '@kcr/data';
import sharp, { type Sharp } from 'sharp';

/** A change for the worse of one image's pixels. */
export type Corrupt = (image: Pixels, generator: Generator) => Pixels | Promise<Pixels>;

/** Adds normal noise of a standard deviation, as a share of the whole range of values. */
export const gaussianNoise =
  (sigma: number): Corrupt =>
  ({ data, shape }, generator) => ({
    data: data.map((value) => Math.min(Math.max(value + 255 * sigma * generator.normal(), 0), 255)),
    shape,
  });

const opened = ({ data, shape: [height, width, channels] }: Pixels): Sharp =>
  sharp(data, { raw: { width, height, channels: channels as 1 | 3 } });

const closed = async (image: Sharp, { shape }: Pixels): Promise<Pixels> => ({
  data: new Uint8Array(await image.raw().toBuffer()),
  shape,
});

/** Blurs with a Gaussian of a standard deviation in pixels; borders are repeated. Without the options libvips cuts it off early. */
export const gaussianBlur =
  (sigma: number): Corrupt =>
  (image) =>
    closed(opened(image).blur({ sigma, precision: 'float', minAmplitude: 0.001 }), image);

/** What a JPEG file of a quality keeps. */
export const jpeg =
  (quality: number): Corrupt =>
  async (image) =>
    closed(sharp(await opened(image).jpeg({ quality }).toBuffer()), image);

/**
 * The corruptions of the experiments, each in five strengths from weak to strong: those of CIFAR-10-C (Hendrycks and Dietterich
 * 2019, github.com/hendrycks/robustness, make_cifar_c.py), which are for images of 32 pixels. Its impulse noise changes single
 * values, ours whole pixels. Values are cut off to whole numbers as there.
 */
export const corruptions: Readonly<
  Record<string, { strengths: readonly number[]; of: (strength: number) => Corrupt }>
> = {
  'salt and pepper': { strengths: [0.01, 0.02, 0.03, 0.05, 0.07], of: saltAndPepper },
  'Gaussian noise': { strengths: [0.04, 0.06, 0.08, 0.09, 0.1], of: gaussianNoise },
  'Gaussian blur': { strengths: [0.4, 0.6, 0.7, 0.8, 1], of: gaussianBlur },
  JPEG: { strengths: [80, 65, 58, 50, 40], of: jpeg },
};

/** Every `step`-th image of a source. */
export const everyNth = (source: ImageSource, step: number): ImageSource => ({
  labels: source.labels.filter((_, i) => i % step === 0),
  classes: source.classes,
  shape: source.shape,
  pixels: (i) => source.pixels(i * step),
});

/** A source with each image corrupted once, by random numbers of its own. */
export async function corrupted(
  { labels, classes, shape, pixels }: ImageSource,
  corrupt: Corrupt,
  seed: number,
): Promise<ImageSource> {
  const generator = new Generator(seed);
  const images = await Promise.all(
    Array.from(range(labels.length), async (i) =>
      corrupt(await pixels(i), generator.fork(String(i))),
    ),
  );
  return { labels, classes, shape, pixels: (i) => images[i]! };
}
