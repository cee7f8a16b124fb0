import { defineCriterion, meanGradients, type Scores, type Tensor, tf } from '@kcr/core';

export interface NtkSapOptions {
  /** Size e of the weights' random change. Default 0.01. */
  perturbation?: number;
}

/**
 * NTK-SAP (Wang et al. 2023) for channels: |dS/dm| of gates m, where S = ||f(x; m theta) - f(x; m (theta + e xi))||^2
 * with Gaussian xi estimates the trace of the neural tangent kernel. Images are Gaussian noise of the data's shape,
 * as many as there are in the data; gates are shared by both passes. The paper prunes before training and draws theta
 * anew for each batch: here it is the trained weights.
 */
export const ntkSap = defineCriterion(
  'ntk-sap',
  ({ perturbation = 0.01 }: NtkSapOptions) =>
    async ({ model, weights, engine, data, batchSize, generator }): Promise<Scores> => {
      const trained = new Set(model.params.filter((p) => p.trainable).map((p) => p.name));
      const { change } = await meanGradients({
        model,
        weights,
        engine,
        data,
        batchSize,
        generator,
        by: 'channels',
        losses: {
          change({ images, apply, draw }) {
            const noise = draw('images', images.shape, 'normal');
            const changed = (name: string, weight: Tensor) =>
              trained.has(name)
                ? tf.add(weight, tf.mul(draw(`xi.${name}`, weight.shape, 'normal'), perturbation))
                : weight;
            const difference = tf.sub(apply(noise).logits, apply(noise, changed).logits);
            return tf.div(tf.sum(tf.square(difference)), images.shape[0]!);
          },
        },
      });
      return new Map(Object.entries(change).map(([name, x]) => [name, x.map(Math.abs)]));
    },
);
