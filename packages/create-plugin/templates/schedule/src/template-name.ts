import { defineSchedule, prunableDims } from '@kcr/core';
import { z } from 'zod';

/** What a recipe may give. Any other field is an error at once, with the nearest right name. */
const options = z.strictObject({
  /** Number of steps. */
  rounds: z.int().min(1),
});

export type TemplateNameOptions = z.input<typeof options>;

/** Prunes in rounds, the first of which go farthest: after a share t of them 1 - (1 - t)^3 of the way (Zhu and Gupta 2017). */
export const templateName = defineSchedule({
  name: 'template-name',
  about: 'large steps first, small ones at the end',
  contract: 1,
  options,
  steps:
    ({ rounds }) =>
    (model, roles) => {
      const dims = prunableDims(model, roles).map(({ name }) => name);
      return Array.from({ length: rounds }, (_, i) => ({
        name: `round ${i + 1}/${rounds}`,
        dims,
        later: [], // no dimension waits for a later step
        progress: 1 - (1 - (i + 1) / rounds) ** 3,
      }));
    },
});
