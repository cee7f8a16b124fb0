import type { CompiledStep, Preprocessing } from '@kcr/core';
import { inputView, modelInput, normalised, type Pixels } from '@kcr/data';
import { type FoundObject, foundObjects } from './found-objects.ts';

/** The objects that a model finds in an image, in pixels of the image. @param inference gives a detector's outputs */
export async function detectImage(
  inference: CompiledStep,
  pixels: Pixels,
  input: Preprocessing,
): Promise<FoundObject[]> {
  const [height, width] = pixels.shape;
  const view = inputView({ height, width }, input);
  const canvas = modelInput(pixels, input);
  return foundObjects(await inference({ image: normalised([canvas], input) }), 0, view);
}
