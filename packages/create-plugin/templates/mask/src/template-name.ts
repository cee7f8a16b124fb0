import { definePlugin, entriesOf, float32, softMacs, tf } from '@kcr/core';
import { z } from 'zod';

/** What a recipe may give. Any other field is an error at once, with the nearest right name. */
const options = z.strictObject({
  /** Roles of the dimensions that get a mask. */
  dims: z.array(z.string()).min(1).default(['hidden']),
  /** Weight of the share of MACs in the loss. */
  lambda: z.number().nonnegative().default(2),
});

export type TemplateNameOptions = z.input<typeof options>;

/**
 * A search mask: each channel has a gate from 0 to 1, trained together with the cost of what is open. Channels whose gate ends
 * above 1/2 stay.
 *
 * Metric `open`: the share of gates above 1/2.
 */
export const templateName = definePlugin({
  name: 'template-name',
  about: 'gates that learn which channels stay',
  contract: 1,
  options,
  curves: { open: { title: 'Open gates', y: 'share' } },
  attach:
    ({ dims: roles, lambda }) =>
    (run) => {
      // Dimensions and not layers are asked for, so the mask works on every model.
      const dims = [...run.model.dims.values()].filter(
        ({ prunable, role }) => prunable && roles.includes(role),
      );
      const gates = new Map(
        dims.map(({ name, size }) => [name, run.parameter(`gate:${name}`, float32([size], 0.75))]),
      );
      const open = (name: string) => tf.clipByValue(gates.get(name)!.value, 0, 1);
      const costs = entriesOf(run.model.costs, new Set(gates.keys()));

      /** The channels whose gate is above 1/2, by dimension. */
      async function kept(): Promise<Record<string, number[]>> {
        const chosen: Record<string, number[]> = {};
        for (const [name, gate] of gates) {
          const { data } = await gate.read();
          chosen[name] = [...data].flatMap((value, i) => (value > 0.5 ? [i] : []));
        }
        return chosen;
      }

      return {
        tap: (value, { dim }) =>
          dim && gates.has(dim.name) ? tf.mul(value, open(dim.name)) : value,
        loss() {
          const sizes = new Map([...gates.keys()].map((name) => [name, tf.sum(open(name))]));
          return tf.mul(lambda, tf.div(softMacs(costs, sizes), softMacs(costs, new Map())));
        },
        async select() {
          const chosen = await kept();
          // A dimension keeps at least one channel.
          return Object.fromEntries(
            Object.entries(chosen).map(([name, list]) => [name, list.length > 0 ? list : [0]]),
          );
        },
        async metrics() {
          const all = dims.reduce((sum, { size }) => sum + size, 0);
          return { open: Object.values(await kept()).flat().length / Math.max(1, all) };
        },
      };
    },
});
