import { definePlugin, float32, tf } from '@kcr/core';
import { z } from 'zod';

/** What a recipe may give. Any other field is an error at once, with the nearest right name. */
const options = z.strictObject({
  /** Weight of the term in the loss. */
  eta: z.number().nonnegative(),
  /** Epochs in which the weight rises to `eta`. */
  ramp: z.number().positive().default(2),
});

export type TemplateNameOptions = z.input<typeof options>;

/**
 * Draws the features of each class towards their mean: eta times the mean square of the distance.
 *
 * Metric `centreSpread`: the mean square of the distance of all training images, which falls.
 */
export const templateName = definePlugin({
  name: 'template-name',
  about: 'draws features towards the mean of their class',
  contract: 1,
  needs: { tasks: ['classification'] },
  options,
  curves: { centreSpread: { title: 'Around the class centres', y: 'mean square' } },
  attach:
    ({ eta, ramp }) =>
    (run) => {
      const { classes, featureSize: d } = run.model;
      // What changes while a run goes on is declared: a step is compiled once, and JavaScript's numbers stay in it as they were.
      const centres = run.buffer('centres', float32([classes, d]));
      const weight = run.input('eta', ({ epoch }) => eta * Math.min(1, (epoch + 1) / ramp));
      let spread = 0;
      return {
        // In the step: tensors alone, no reads, no random numbers of JavaScript.
        loss({ features, targets }) {
          const own = tf.matMul(targets as tf.Tensor2D, centres.value as tf.Tensor2D);
          return tf.mul(weight.value, tf.mean(tf.square(tf.sub(features, own))));
        },
        // Before the first epoch and after each: arrays, and as much time as it takes.
        async refresh({ features, labels }) {
          const { data } = await features();
          const counts = new Float64Array(classes);
          for (const label of labels) counts[label]! += 1;
          const means = new Float32Array(classes * d);
          labels.forEach((label, i) => {
            for (let j = 0; j < d; j++) means[label * d + j]! += data[i * d + j]! / counts[label]!;
          });
          centres.assign(float32([classes, d], means));
          let sum = 0;
          labels.forEach((label, i) => {
            for (let j = 0; j < d; j++) sum += (data[i * d + j]! - means[label * d + j]!) ** 2;
          });
          spread = sum / data.length;
        },
        // For the log and the report.
        metrics: async () => ({ centreSpread: spread }),
      };
    },
});
