import { type SemanticDataset, semanticDataset, semanticFolder } from '@kcr/data';
import { z } from 'zod';
import { properShare, scale, share } from '../recipes/fields.ts';
import { type DataKind, defineDataKind } from './data-kind.ts';
import {
  bothSplits,
  channelsOf,
  fit,
  framedFields,
  framedOptions,
  labelledFolders,
} from './framed-data.ts';

const schema = framedFields.extend({
  train: labelledFolders,
  test: labelledFolders,
  classes: z.array(z.string()).min(2).max(255),
  ignore: z.number().int().optional(),
  reduceZeroLabel: z.boolean().optional(),
  instanceIds: z.boolean().optional(),
  maxClassShare: share.optional(),
  testViews: z
    .strictObject({
      scales: z.array(scale).min(1).optional(),
      flip: z.boolean().optional(),
      fit,
      overlap: properShare.optional(),
    })
    .optional(),
});

/** Its fields as a recipe writes them. */
export type ClassMapsInput = { kind: 'semantic' } & z.input<typeof schema>;

/** Images with PNGs of class indices. */
export const classMaps: DataKind<z.output<typeof schema>, SemanticDataset> = defineDataKind({
  name: 'semantic',
  contract: 1,
  schema,
  async read(data, context) {
    const { classes, ignore, reduceZeroLabel, instanceIds, invalid } = data;
    const sources = await bothSplits(data, context, (folders) =>
      semanticFolder(context.root, {
        ...folders,
        classes,
        ignore,
        reduceZeroLabel,
        instanceIds,
        invalid,
        channels: channelsOf(context),
      }),
    );
    const options = await framedOptions(data, context);
    const { maxClassShare, testViews: testing } = data;
    return {
      train: semanticDataset(sources.train, { ...options.train, maxClassShare }),
      test: semanticDataset(sources.test, { ...options.test, testing }),
    };
  },
});
