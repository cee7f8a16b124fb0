import { join } from 'node:path';
import { CROP_MODES, type Dataset, INTERPOLATIONS } from '@kcr/core';
import { imageDataset, labelledImages } from '@kcr/data';
import { z } from 'zod';
import { positiveShare, range, share } from '../recipes/fields.ts';
import { reportSkipped } from '../report-skipped.ts';
import { augmentList, augments, loadAugments } from './augments.ts';
import { type DataKind, defineDataKind } from './data-kind.ts';

const schema = z.strictObject({
  /**
   * Within the root: folders with one folder of images per class, tar files or folders of some, CSV files of paths and classes,
   * or Parquet files (`data/train-*.parquet`).
   */
  train: z.string().default('train'),
  test: z.string().default('test'),
  /** What becomes of an image of another shape, as timm has it. */
  cropRatio: positiveShare.optional(),
  cropMode: z.enum(CROP_MODES).optional(),
  interpolation: z.enum(INTERPOLATIONS).optional(),
  resizedCrop: z
    .strictObject({
      scale: range(positiveShare).optional(),
      ratio: range(z.number().positive()).optional(),
    })
    .optional(),
  augment: augmentList(augments),
  /** Mixing of a training batch's images with each other. */
  mix: z
    .strictObject({
      mixup: z.number().nonnegative().optional(),
      cutmix: z.number().nonnegative().optional(),
      probability: share.optional(),
      switchProbability: share.optional(),
    })
    .optional(),
  /** Of CSV and Parquet files: the columns of the image and of its class. */
  columns: z
    .strictObject({ image: z.string().optional(), label: z.string().optional() })
    .optional(),
  /** Images and class folders that cannot be used: an error, or left out and counted. */
  invalid: z.enum(['error', 'skip']).default('error'),
});

/** Its fields as a recipe writes them. */
export type ClassFoldersInput = { kind?: 'classes' } & z.input<typeof schema>;

/** Images with a class each: in folders named after the classes, tar files, or listed in CSV or Parquet files. */
export const classFolders: DataKind<z.output<typeof schema>, Dataset> = defineDataKind({
  name: 'classes',
  schema,
  async read(
    { resizedCrop, mix, cropRatio, cropMode, interpolation, invalid, columns, ...data },
    { root, model, normalization, input, on },
  ) {
    const [size, , channels] = model.inputShape;
    const { mean } = normalization;
    const framing = {
      cropRatio: cropRatio ?? input?.crop_pct,
      cropMode: cropMode ?? input?.crop_mode,
      interpolation: interpolation ?? input?.interpolation,
      mean,
    };
    const common = { size, channels: channels as 1 | 3, invalid, columns, ...framing };
    const train = await labelledImages(join(root, data.train), { ...common, resizedCrop });
    const test = await labelledImages(join(root, data.test), { ...common, classes: train.classes });
    reportSkipped(on, join(root, data.train), train);
    reportSkipped(on, join(root, data.test), test);
    const augment = await loadAugments(data.augment, augments);
    return {
      train: imageDataset(train, { normalization, augment, mix }),
      test: imageDataset(test, { normalization }),
    };
  },
});
