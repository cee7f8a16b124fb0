import type { Generator, Preprocessing } from '@kcr/core/ground';
import type { CocoImage } from './coco/format.ts';
import { type Extent, readExtent, whereOf } from './extent.ts';
import type { EncodedImage, Pixels } from './image.ts';
import { checkSize } from './instance-source.ts';
import { decodeSource, modelInput } from './model-input.ts';
import { fillOf } from './normalised.ts';
import { type ResizedCropOptions, randomRegion, toPixels } from './random-region.ts';
import { resample } from './resample.ts';
import type { View } from './view.ts';
import { viewImage } from './view-pixels.ts';

/** How an image file becomes an image of the input's size; plain data. */
export interface ImageReading {
  readonly input: Preprocessing;
  /** Training images are cut at random from the original. */
  readonly resizedCrop?: ResizedCropOptions;
}

/** An image file in memory. @throws KcrError `IMAGE_READ` */
const encoded = async (file: Extent | EncodedImage): Promise<EncodedImage> =>
  'bytes' in file ? file : { where: whereOf(file), bytes: await readExtent(file) };

/**
 * Reads an image file as an image of the input's size, before normalisation.
 *
 * @param generator draws what is cut out; without it nothing is drawn
 * @throws KcrError `IMAGE_READ`
 */
export async function readFramed(
  file: Extent | EncodedImage,
  { input, resizedCrop }: ImageReading,
  generator?: Generator,
): Promise<Pixels> {
  const image = await decodeSource(await encoded(file), input);
  if (!generator || !resizedCrop) return modelInput(image, input);
  const [height, width] = image.shape;
  const region = randomRegion(width, height, generator, resizedCrop);
  const from = toPixels(region, { height, width });
  const [, rows, columns] = input.input_size;
  const { interpolation } = input;
  return resample(image, { height: rows, width: columns }, { interpolation, from });
}

/** How an image lies on the input, where that was chosen before it is read; plain data. */
export interface Place {
  readonly view: View;
  /** What the image is said to be, whose size it must have. */
  readonly image?: CocoImage;
}

/**
 * Reads an image file as it lies on the input, before normalisation.
 *
 * @throws KcrError `IMAGE_READ`, `COCO_IMAGE_SIZE`
 */
export async function readPlaced(
  file: Extent | EncodedImage,
  input: Preprocessing,
  { view, image }: Place,
): Promise<Pixels> {
  const pixels = await decodeSource(await encoded(file), input);
  if (image) checkSize(pixels, image);
  return viewImage(pixels, view, fillOf(input), input.interpolation);
}
