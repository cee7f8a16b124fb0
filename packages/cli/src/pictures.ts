import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Dataset,
  type Engine,
  Generator,
  type LoadedModel,
  type NdArray,
  type Normalization,
  writeAtomic,
} from '@kcr/core';
import {
  attentionEntropy,
  attentionMaps,
  gradCam,
  histogram,
  keptTokens,
  tapsOf,
} from '@kcr/explain';
import { type Heat, type Picture, strip } from './report/heat.ts';

/** How widely the tokens of the last attention layer attend, by head; in nats. */
export interface HeadEntropy {
  mean: number;
  histogram: { upTo: number; share: number }[];
}

const SHOWN = 6;
const ENTROPY_IMAGES = 100;

/** Test images for the report: the first of each of some classes. */
export function shownImages({ labels, classes }: Dataset): Int32Array {
  const count = Math.min(SHOWN, classes.length);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * classes.length) / count));
  return Int32Array.from(chosen, (label) => labels.indexOf(label)).filter((i) => i >= 0);
}

/** Writes the shown images themselves, as `pictures/images.png`. */
export async function drawImages(directory: string, test: Dataset, normalization: Normalization) {
  const { image } = await test.batch(shownImages(test));
  await writePicture(directory, 'images', await strip(toPictures(image, normalization)));
}

/**
 * Writes `pictures/grad-cam-NAME.png`, for the images' own classes, and `pictures/attention-NAME.png`, what
 * the centre attends to in the last attention layer; each for models that have such a layer. Where tokens are
 * taken out, `pictures/tokens-NAME.png` shows those that are left, and the layer is the last one with all of them.
 *
 * @param engine its state has the model's weights
 * @returns the entropies of the last attention layer, over some test images
 */
export async function drawModel(
  directory: string,
  name: string,
  { model }: LoadedModel,
  test: Dataset,
  normalization: Normalization,
  engine: Engine,
): Promise<HeadEntropy[]> {
  const shown = shownImages(test);
  const { image } = await test.batch(shown);
  const pictures = toPictures(image, normalization);
  const classes = shown.map((i) => test.labels[i]!);
  const kept = await keptTokens(engine, model, image);
  if (kept) await writePicture(directory, `tokens-${name}`, await strip(dimmed(pictures, kept)));
  if (tapsOf(model, 'in').length > 0) {
    const cams = await gradCam(engine, model, image, { classes });
    await writePicture(directory, `grad-cam-${name}`, await strip(pictures, toHeats(cams)));
  }
  const weights = tapsOf(model, 'weights').at(-1);
  if (!weights) return [];
  const maps = await attentionMaps(engine, model, image);
  await writePicture(
    directory,
    `attention-${name}`,
    await strip(pictures, toHeats(overHeads(maps)), 'nearest'),
  );
  const some = new Generator(0).permutation(test.length).slice(0, ENTROPY_IMAGES);
  const layers = await attentionEntropy(engine, model, test, { indices: some });
  const { tokens, heads } = layers.get(weights.name)!;
  return heads.map((rows) => ({
    mean: rows.reduce((sum, h) => sum + h, 0) / rows.length,
    histogram: histogram(rows, Math.log(tokens)),
  }));
}

/** Writes a picture of a run, `pictures/NAME.png`. */
export async function writePicture(directory: string, name: string, png: Buffer): Promise<void> {
  await mkdir(join(directory, 'pictures'), { recursive: true });
  await writeAtomic(join(directory, 'pictures', `${name}.png`), png);
}

/** Normalised images as pixels. */
function toPictures({ shape, data }: NdArray, { mean, std }: Normalization): Picture[] {
  const [n, height, width, channels] = shape as [number, number, number, number];
  const size = height * width * channels;
  return Array.from({ length: n }, (_, i) => ({
    shape: [height, width, channels],
    data: Uint8Array.from({ length: size }, (_, at) => {
      const c = at % channels;
      const value = data[i * size + at]! * std[c % std.length]! + mean[c % mean.length]!;
      return Math.round(255 * Math.min(Math.max(value, 0), 1));
    }),
  }));
}

/** Pictures that are dark where a map [n, rows, columns] is 0. */
const dimmed = (pictures: readonly Picture[], { shape, data }: NdArray): Picture[] =>
  pictures.map(({ data: pixels, shape: size }, i) => {
    const [, rows, columns] = shape as [number, number, number];
    const [height, width, channels] = size;
    const shade = (_: number, at: number) => {
      const [y, x] = [Math.floor(at / (width * channels)), Math.floor(at / channels) % width];
      const [row, column] = [Math.floor((y * rows) / height), Math.floor((x * columns) / width)];
      return Math.round(pixels[at]! * (data[(i * rows + row) * columns + column]! > 0 ? 1 : 0.2));
    };
    return { data: pixels.map(shade), shape: size };
  });

/** [n, height, width] as one map each, its largest value 1. */
function toHeats({ shape, data }: NdArray): Heat[] {
  const [n, height, width] = shape as [number, number, number];
  return Array.from({ length: n }, (_, i) => {
    const values = Float32Array.from(data).subarray(i * height * width, (i + 1) * height * width);
    const most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
    return { height, width, data: values.map((x) => x / most) };
  });
}

/** The mean over the heads of [n, heads, height, width]. */
function overHeads({ shape, data }: NdArray): NdArray {
  const [n, heads, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const mean = new Float32Array(n * area);
  for (let i = 0; i < data.length; i++) {
    const image = Math.floor(i / (heads * area));
    mean[image * area + (i % area)]! += data[i]! / heads;
  }
  return { dtype: 'float32', shape: [n, height, width], data: mean };
}
