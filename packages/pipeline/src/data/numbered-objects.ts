import { type InstanceDataset, instanceDataset, instanceFolder } from '@kcr/data';
import { z } from 'zod';
import { type DataKind, defineDataKind } from './data-kind.ts';
import {
  bothSplits,
  channelsOf,
  framedFields,
  framedOptions,
  labelledFolders,
} from './framed-data.ts';

const schema = framedFields.extend({
  train: labelledFolders,
  test: labelledFolders,
  className: z.string().optional(),
});

/** Its fields as a recipe writes them. */
export type NumberedObjectsInput = { kind: 'instances' } & z.input<typeof schema>;

/** Images with PNGs that number the objects of one class. */
export const numberedObjects: DataKind<z.output<typeof schema>, InstanceDataset> = defineDataKind({
  name: 'instances',
  contract: 1,
  schema,
  async read(data, context) {
    const { className, invalid } = data;
    const sources = await bothSplits(data, context, (folders) =>
      instanceFolder(context.root, {
        ...folders,
        className,
        invalid,
        channels: channelsOf(context),
      }),
    );
    const options = await framedOptions(data, context);
    return {
      train: instanceDataset(sources.train, options.train),
      test: instanceDataset(sources.test, options.test),
    };
  },
});
