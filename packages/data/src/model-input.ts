import { type Normalization, type Preprocessing, plainPreprocessing } from '@kcr/core';
import { fitted } from './framing.ts';
import { decodeImage, type Pixels } from './image.ts';
import { withShortSide } from './short-side.ts';
import type { Size, View } from './view.ts';

/**
 * An image file as a model takes it, before normalisation, where `crop_mode` is `center`: what a data set of a folder
 * gives without augmentation.
 *
 * @throws KcrError `IMAGE_READ`
 */
export function readInput(path: string, { input_size, crop_pct }: Preprocessing): Promise<Pixels> {
  const [channels, size] = input_size;
  return decodeImage(path, { size, channels: channels as 1 | 3, cropRatio: crop_pct });
}

/** How an image lies on a model's input where `crop_mode` is `corner`. */
export function inputView(source: Size, { input_size, resize }: Preprocessing): View {
  const canvas = { height: input_size[1], width: input_size[2] };
  if (!resize) return fitted(source, canvas);
  return withShortSide(source, canvas, resize.shortest_edge, resize.longest_edge);
}

/**
 * Preprocessing of images of which a model sees all, in the corner of its input.
 *
 * @param shape [height, width, channels] of the input
 */
export const cornerInput = (
  shape: readonly [number, number, number],
  normalization: Normalization,
  resize?: Preprocessing['resize'],
): Preprocessing => ({
  ...plainPreprocessing(shape),
  ...normalization,
  interpolation: 'bilinear',
  crop_mode: 'corner',
  ...(resize ? { resize } : {}),
});
