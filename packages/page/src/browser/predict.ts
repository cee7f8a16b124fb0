import type { CompiledStep, Preprocessing } from '@kcr/core';
import { type ClassPrediction, topClasses } from '@kcr/core/ground';
import { type ClassMap, modelInput, normalised, type Pixels, rleToMask } from '@kcr/data';
import { detectImage, type FoundObject, segmentImage } from '@kcr/detect';
import type { ShownTask } from '../content.ts';
import { colourOf } from '../look/colours.ts';
import { ownersOf, tinted } from '../look/tint.ts';

/** What a model says of an image, as `kcr predict` says it, and the pixels that show it. */
export interface Prediction {
  readonly shown: Pixels;
  readonly top?: ClassPrediction;
  readonly objects?: readonly FoundObject[];
  readonly map?: ClassMap;
}

/** Objects that are shown, at least this sure; `kcr predict` draws the same. */
const SHOWN_SCORE = 0.3;

/** A model, and how an image becomes its input. */
export interface Opened {
  readonly step: CompiledStep;
  readonly input: Preprocessing;
}

type Predict = (model: Opened, pixels: Pixels, classes: number) => Promise<Prediction>;

const predictions: Readonly<Record<ShownTask, Predict>> = {
  async classification({ step, input }, pixels) {
    const shown = modelInput(pixels, input);
    const { logits } = await step({ image: normalised([shown], input) });
    return { shown, top: topClasses(logits!.data) };
  },

  async 'instance detection'({ step, input }, pixels, classes) {
    const found = await detectImage(step, pixels, input);
    const objects = found.filter(({ score }) => score >= SHOWN_SCORE);
    const masks = objects.map(({ mask }) => mask && rleToMask(mask));
    const owners = ownersOf(masks, pixels.shape[0] * pixels.shape[1]);
    const colours = objects.map(({ label }, i) => colourOf(classes > 1 ? label : i));
    return { shown: tinted(pixels, (pixel) => colours[owners[pixel]!]), objects };
  },

  async 'semantic segmentation'({ step, input }, pixels, classes) {
    const [channels, height, width] = input.input_size;
    const shape = [height, width, channels] as const;
    const map = await segmentImage(step, pixels, { normalization: input, shape });
    const colours = Array.from({ length: classes }, (_, i) => colourOf(i));
    return { shown: tinted(pixels, (pixel) => colours[map.data[pixel]!]), map };
  },
};

/** What a model says of an image. @param classes how many there are */
export const predictImage = (
  task: ShownTask,
  model: Opened,
  pixels: Pixels,
  classes: number,
): Promise<Prediction> => predictions[task](model, pixels, classes);

/** Each class' share of a map, largest first. */
export function sharesOf({ data }: ClassMap): { label: number; share: number }[] {
  const counts = new Map<number, number>();
  for (const label of data) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts]
    .map(([label, count]) => ({ label, share: count / data.length }))
    .sort((a, b) => b.share - a.share);
}

/** The share of the pixels that have the same class in two maps of one image. */
export const agreementOf = (one: ClassMap, other: ClassMap): number =>
  one.data.reduce((same, label, i) => same + (label === other.data[i] ? 1 : 0), 0) /
  one.data.length;
