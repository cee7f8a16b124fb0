import { join } from 'node:path';
import type { Dataset } from '@kcr/core';
import { imageDataset, imageFolder } from '@kcr/data';
import { z } from 'zod';
import { share } from '../recipes/fields.ts';
import { augmentList, augments, loadAugments } from './augments.ts';
import { type DataKind, defineDataKind } from './data-kind.ts';

const schema = z.strictObject({
  /** Folders within the root, each with one folder of images per class. */
  train: z.string().default('train'),
  test: z.string().default('test'),
  cropRatio: share.optional(),
  resizedCrop: z
    .strictObject({
      scale: z.tuple([share, share]).optional(),
      ratio: z.tuple([z.number(), z.number()]).optional(),
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
  /** Images and class folders that cannot be used: an error, or left out and counted. */
  invalid: z.enum(['error', 'skip']).optional(),
});

/** Its fields as a recipe writes them. */
export type ClassFoldersInput = { kind?: 'classes' } & z.input<typeof schema>;

/** Images in folders named after their classes. */
export const classFolders: DataKind<z.output<typeof schema>, Dataset> = defineDataKind({
  name: 'classes',
  schema,
  async read({ resizedCrop, mix, ...data }, { root, model, normalization, on }) {
    const [size, , channels] = model.inputShape;
    const common = {
      size,
      channels: channels as 1 | 3,
      cropRatio: data.cropRatio,
      invalid: data.invalid,
    };
    const train = await imageFolder(join(root, data.train), { ...common, resizedCrop });
    const test = await imageFolder(join(root, data.test), { ...common, classes: train.classes });
    for (const [part, { skipped: entries = {} }] of [
      [data.train, train],
      [data.test, test],
    ] as const)
      if (Object.keys(entries).length > 0)
        on({ type: 'skipped', where: join(root, part), entries });
    const augment = await loadAugments(data.augment, augments);
    return {
      train: imageDataset(train, { normalization, augment, mix }),
      test: imageDataset(test, { normalization }),
    };
  },
});
