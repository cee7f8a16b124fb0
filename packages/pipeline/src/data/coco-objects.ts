import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { cocoInstances, type InstanceDataset, instanceDataset } from '@kcr/data';
import { z } from 'zod';
import { count } from '../recipes/fields.ts';
import { type DataKind, defineDataKind } from './data-kind.ts';
import { bothSplits, channelsOf, framedFields, framedOptions } from './framed-data.ts';

/** A folder of images and a COCO file of instances, within the root. */
const annotated = z.strictObject({ images: z.string(), annotations: z.string() });

const schema = framedFields.extend({
  train: annotated,
  test: annotated,
  /** Whether masks are read. */
  masks: z.boolean().default(true),
  /** Size outside training. */
  testFraming: z
    .strictObject({ shortSide: z.strictObject({ short: count, long: count }) })
    .optional(),
});

/** Its fields as a recipe writes them. */
export type CocoObjectsInput = { kind: 'coco' } & z.input<typeof schema>;

/**
 * Images with a COCO file of instances. Reading them throws what `cocoInstances` throws, and `DATASET_CLASSES` where training
 * and test have other categories.
 */
export const cocoObjects: DataKind<z.output<typeof schema>, InstanceDataset> = defineDataKind({
  name: 'coco',
  contract: 1,
  schema,
  async read(data, context) {
    const { masks, invalid, testFraming } = data;
    const { root } = context;
    const sources = await bothSplits(data, context, ({ annotations, images }) =>
      cocoInstances(join(root, annotations), join(root, images), {
        masks,
        invalid,
        channels: channelsOf(context),
      }),
    );
    if (sources.train.classes.join() !== sources.test.classes.join())
      throw new KcrError('DATASET_CLASSES', {
        where: root,
        found: 'other categories in the test annotations than in the training annotations',
        fix: 'List the same categories in the same order in both files',
      });
    const options = await framedOptions(data, context);
    const resize = testFraming && {
      shortest_edge: testFraming.shortSide.short,
      longest_edge: testFraming.shortSide.long,
    };
    return {
      train: instanceDataset(sources.train, options.train),
      test: instanceDataset(sources.test, { ...options.test, resize }),
    };
  },
});
