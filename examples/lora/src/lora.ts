import { defineAdapter, fanInUniform, linear, tf, zeros } from '@kcr/core';
import { z } from 'zod';

const options = z.strictObject({
  /** Of the updates: how many channels lie between their two layers. */
  rank: z.int().min(1),
  /** The updates are multiplied by alpha / rank. Default: the rank. */
  alpha: z.number().positive().optional(),
  /** Roles of the taps whose layers are updated. */
  roles: z.array(z.string()).min(1).default(['q', 'v']),
});

export type LoraOptions = z.input<typeof options>;

/** Low-rank updates of what queries and values are computed by (Hu et al. 2021). A model starts as it was. */
export const lora = defineAdapter({
  name: 'lora',
  module: 'kcr-example-lora',
  contract: 1,
  options,
  attach:
    ({ rank, alpha = rank, roles }) =>
    () =>
    (m, value, { role, dim, from }) => {
      // `from` is there where the value is a linear function of another: what the layer read.
      if (!roles.includes(role) || !dim || !from) return value;
      const own = m.child(`lora_${role}`);
      const down = linear(own.child('a'), from.value, from.axis, rank, {
        bias: false,
        init: fanInUniform(rank),
      });
      const up = linear(own.child('b'), down, rank, dim, { bias: false, init: zeros });
      return tf.add(value, tf.mul(up, alpha / rank));
    },
});
