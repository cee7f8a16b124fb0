import { defineAdapter, ones, tf, zeros } from '@kcr/core';
import { z } from 'zod';

/** What a recipe may give. Any other field is an error at once, with the nearest right name. */
const options = z.strictObject({
  /** Roles of the taps that are scaled and shifted. */
  roles: z.array(z.string()).min(1).default(['q', 'k', 'v', 'hidden']),
});

export type TemplateNameOptions = z.input<typeof options>;

/**
 * Scales and shifts each channel by trained numbers (Lian et al. 2022). Trained alone (`trainable`), they fit a model to new images
 * with few parameters. A model starts as it was.
 */
export const templateName = defineAdapter({
  name: 'template-name',
  about: 'a trained scale and shift of each channel',
  module: 'template-package', // which exports it in `adapters`, so that checkpoints find it
  contract: 1,
  options,
  attach:
    ({ roles }) =>
    () =>
    (m, value, { role, dim }) => {
      // A value is given back as it is where there is nothing to do.
      if (!dim || !roles.includes(role)) return value;
      const own = m.child('template_name');
      // Parameters along the tap's own dimension are pruned with it.
      const scale = own.param(`${role}_scale`, [dim], ones);
      const shift = own.param(`${role}_shift`, [dim], zeros);
      return tf.add(tf.mul(value, scale), shift);
    },
});
