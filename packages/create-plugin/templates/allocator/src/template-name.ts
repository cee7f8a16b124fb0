import { defineAllocator, partOf, selectCounts } from '@kcr/core';
import { z } from 'zod';

const share = z.number().positive().max(1);

/** What a recipe may give. Any other field is an error at once, with the nearest right name. */
const options = z.strictObject({
  /** Share of the channels that the first dimension keeps, */
  first: share.default(0.9),
  /** and the last one. */
  last: share.default(0.5),
});

export type TemplateNameOptions = z.input<typeof options>;

/** Keeps a share that goes in equal parts from the first dimension of the model to the last. */
export const templateName = defineAllocator({
  name: 'template-name',
  about: 'a share that falls from the first dimension to the last',
  contract: 1,
  options,
  allocate:
    ({ first, last }) =>
    ({ model, whole, scores, progress, path }) => {
      const all = [...whole.dims.keys()];
      return selectCounts(model, scores, ({ name, full }) => {
        const place = all.indexOf(name) / Math.max(1, all.length - 1);
        const target = first + (last - first) * place;
        // A schedule may want a part of the way now; shares are of the model before any pruning.
        return Math.max(1, Math.round(full * partOf(target, { progress, path })));
      });
    },
});
