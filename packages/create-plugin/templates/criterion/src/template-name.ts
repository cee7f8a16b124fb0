import { batches, batchOrder, defineCriterion, prunableDims, range, tf } from '@kcr/core';
import { z } from 'zod';

/** What a recipe may give. Any other field is an error at once, with the nearest right name. */
const options = z.strictObject({
  /** Of the activations: 1 for their absolute values, 2 for their squares. */
  power: z.union([z.literal(1), z.literal(2)]).default(1),
});

export type TemplateNameOptions = z.input<typeof options>;

/** Scores a channel by its mean activation on the images, where the channel is tapped. */
export const templateName = defineCriterion({
  name: 'template-name',
  about: 'the mean activation on some images',
  contract: 1,
  options,
  score:
    ({ power }) =>
    async ({ model, weights, engine, data, batchSize }) => {
      const wanted = new Set(prunableDims(model).map(({ name }) => name));
      engine.set(weights);
      // Compiled once, and run for each batch.
      await using step = engine.compile('template-name', ({ inputs, state }) => {
        const means: Record<string, tf.Tensor> = {};
        model.apply(inputs.image!, {
          state,
          tap(value, { dim }) {
            if (!dim || !wanted.has(dim.name)) return value;
            const size = power === 1 ? tf.abs(value) : tf.square(value);
            const mean = tf.mean(size, [...Array(value.rank - 1).keys()]);
            const before = means[dim.name];
            means[dim.name] = before ? tf.add(before, mean) : mean;
            return value;
          },
        });
        return { outputs: means };
      });
      const scores = new Map<string, Float64Array>();
      for await (const { batch } of batches(data, batchOrder(range(data.length), batchSize)))
        for (const [name, part] of Object.entries(await step({ image: batch.image }))) {
          const sums = scores.get(name) ?? new Float64Array(part.data.length);
          scores.set(
            name,
            sums.map((sum, i) => sum + part.data[i]!),
          );
        }
      engine.delete(Object.keys(weights)); // the engine is left as it was
      return scores;
    },
});
