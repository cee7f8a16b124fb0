/** Per-channel mean and standard deviation of a model's input, for pixels in 0..1. */
export interface Normalization {
  mean: readonly number[];
  std: readonly number[];
}

/** How images can be resized. */
export const INTERPOLATIONS = ['bicubic', 'bilinear'] as const;

/**
 * What can become of an image of another shape. Decisions about whole images are made after timm's: with `center` it is resized
 * to cover the input / `crop_pct`, with `squash` each side to that size, with `border` it is resized to lie inside it and
 * `mean` is around it; then the centre is cut out. `corner`: all of it lies in the upper left corner, as large as fits
 * or as `resize` says; for outputs that have places in the image.
 */
export const CROP_MODES = ['center', 'squash', 'border', 'corner'] as const;

/**
 * How an image becomes a model's input, under the names of timm's `pretrained_cfg`. It is saved with the model, and
 * everything that shows a model an image follows it: validation, evaluation, prediction, pruning and the report.
 */
export interface Preprocessing extends Normalization {
  /** [channels, height, width] */
  input_size: readonly [number, number, number];
  interpolation: (typeof INTERPOLATIONS)[number];
  /** Share of the resized image's sides that the input has, above 0, at most 1. */
  crop_pct: number;
  /** What becomes of an image of another shape. */
  crop_mode: (typeof CROP_MODES)[number];
  /** Of `corner`: length of the short side, and most that the long one may have. */
  resize?: { readonly shortest_edge: number; readonly longest_edge: number };
}

/** Numbers of a normalisation, one for each channel where there is one for all. */
export const perChannel = (numbers: readonly number[], channels: number): number[] =>
  numbers.length === 1 ? Array<number>(channels).fill(numbers[0]!) : [...numbers];

/**
 * Preprocessing of images of a shape, without normalisation and cropping.
 *
 * @param shape [height, width, channels]
 */
export function plainPreprocessing([height, width, channels]: readonly [
  number,
  number,
  number,
]): Preprocessing {
  return {
    input_size: [channels, height, width],
    interpolation: 'bicubic',
    crop_pct: 1,
    crop_mode: 'center',
    mean: Array<number>(channels).fill(0),
    std: Array<number>(channels).fill(1),
  };
}
