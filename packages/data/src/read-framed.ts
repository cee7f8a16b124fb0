import type { Generator, Preprocessing } from '@kcr/core/ground';
import { type Extent, readExtent, whereOf } from './extent.ts';
import type { EncodedImage, Pixels } from './image.ts';
import { decodeSource, modelInput } from './model-input.ts';
import { type ResizedCropOptions, randomRegion, toPixels } from './random-region.ts';
import { resample } from './resample.ts';

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
