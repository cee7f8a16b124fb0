import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Preprocessing } from '@kcr/core';
import { type ImageSource, readInput } from '@kcr/data';

const FOLDER = fileURLToPath(new URL('../../data/dsb2018-256/train/images', import.meta.url));

/**
 * Cell nuclei under a microscope (tools/data/dsb2018-256), as inputs of a model that knows other classes.
 *
 * @param labels of as many images as are wanted, at most 268
 */
export async function nuclei(
  input: Preprocessing,
  classes: readonly string[],
  labels: Int32Array,
): Promise<ImageSource> {
  const [channels, height, width] = input.input_size;
  const files = (await readdir(FOLDER)).sort().slice(0, labels.length);
  const images = await Promise.all(files.map((file) => readInput(join(FOLDER, file), input)));
  return { labels, classes, shape: [height, width, channels], pixels: (i) => images[i]! };
}
