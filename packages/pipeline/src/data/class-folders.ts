import { join } from 'node:path';
import { CROP_MODES, type Dataset, INTERPOLATIONS, subset } from '@kcr/core';
import { isRecord } from '@kcr/core/internal';
import { imageDataset, labelledImages } from '@kcr/data';
import { z } from 'zod';
import { count, positiveShare, range, share } from '../recipes/fields.ts';
import { reportSkipped } from '../report-skipped.ts';
import { augmentList, augments, loadAugments } from './augments.ts';
import { type DataKind, defineDataKind } from './data-kind.ts';
import { foldByClass } from './fold-by-class.ts';
import { splitByClass } from './split-by-class.ts';

/** The share of each class's images that are kept for testing. */
const testShare = z.strictObject({
  share: z.number().positive().lt(1),
  seed: z.number().int().default(0),
});

/** One of several parts of the training images, for testing. */
const testFold = z
  .strictObject({
    fold: z.number().int().nonnegative(),
    folds: count.min(2),
    seed: z.number().int().default(0),
    share: positiveShare.default(1),
    /** Images that are not parted, since they are for the last test. */
    without: testShare.optional(),
  })
  .refine(({ fold, folds }) => fold < folds, {
    path: ['fold'],
    message: 'is counted from 0, and less than `folds`',
  });

const schema = z.strictObject({
  /**
   * Within the root: folders with one folder of images per class, tar files or folders of some, CSV files of paths and classes,
   * or Parquet files (`data/train-*.parquet`).
   */
  train: z.string().default('train'),
  /**
   * The same; or the share of each class's images that are kept for testing, drawn by a seed, where `train` has them all; or, for
   * cross-validation, one of several parts of the training images.
   */
  test: z.union([z.string(), testShare, testFold]).default('test'),
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
  contract: 1,
  schema,
  async read(
    { resizedCrop, mix, cropRatio, cropMode, interpolation, invalid, columns, ...data },
    context,
  ) {
    const { root, model, normalization, input, on } = context;
    const [height, width, channels] = model.inputShape;
    const { mean } = normalization;
    const framing = {
      cropRatio: cropRatio ?? input?.crop_pct,
      cropMode: cropMode ?? input?.crop_mode,
      interpolation: interpolation ?? input?.interpolation,
      mean,
    };
    const size = [height, width] as const;
    const common = { size, channels: channels as 1 | 3, invalid, columns, ...framing };
    const { test: tested } = data;
    const paths = [data.train, typeof tested === 'string' ? tested : data.train];
    const [trainPath, testPath] = paths.map((path) => join(root, path)) as [string, string];
    const train = await labelledImages(trainPath, { ...common, resizedCrop });
    const test = await labelledImages(testPath, { ...common, classes: train.classes });
    reportSkipped(on, trainPath, train);
    if (testPath !== trainPath) reportSkipped(on, testPath, test);
    const augment = await loadAugments(data.augment, augments, context);
    const all = {
      train: imageDataset(train, { normalization, augment, mix }),
      test: imageDataset(test, { normalization }),
    };
    if (typeof tested === 'string') return all;
    const parts =
      'folds' in tested
        ? foldByClass(all.test, tested, trainPath)
        : splitByClass(all.test, tested, trainPath);
    return { train: subset(all.train, parts.train), test: subset(all.test, parts.test) };
  },
  folded: ({ test, ...data }, fold) => ({
    ...data,
    test: { ...fold, ...(isRecord(test) ? { without: test } : {}) },
  }),
});
