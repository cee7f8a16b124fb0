import type { ModelEntry } from '@kcr/backbones';
import { type Model, type Preprocessing, plainPreprocessing } from '@kcr/core';

/** How the published weights of a model by name are shown images. */
export const entryInput = (
  model: Model,
  { normalization, cropRatio }: Pick<ModelEntry, 'normalization' | 'cropRatio'>,
): Preprocessing => ({
  ...plainPreprocessing(model.inputShape),
  ...normalization,
  crop_pct: cropRatio ?? 1,
});

/** What was known of another input, for a model of another image size or of other channels. */
export function adaptedInput(model: Model, input: Preprocessing): Preprocessing {
  const [height, width, channels] = model.inputShape;
  return {
    ...input,
    input_size: [channels, height, width],
    mean: forChannels(input.mean, channels),
    std: forChannels(input.std, channels),
  };
}

/** One number for all channels where there are not as many as channels: their mean, as of a grey image. */
const forChannels = (values: readonly number[], channels: number): readonly number[] =>
  values.length === channels || values.length === 1
    ? values
    : [values.reduce((sum, x) => sum + x, 0) / values.length];
