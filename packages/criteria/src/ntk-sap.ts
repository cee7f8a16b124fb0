import {
  defineCriterion,
  type GradientContext,
  meanGradients,
  type Scores,
  type Tensor,
  tf,
} from '@kcr/core';

export interface NtkSapOptions {
  /** Size e of the weights' random change. Default 0.01. */
  perturbation?: number;
  /**
   * `trained` (default): those of the model. `initial`: drawn anew for each batch, as in the paper, which prunes before
   * training and so needs no trained weights.
   */
  weights?: 'trained' | 'initial';
}

/**
 * S of NTK-SAP: ||f(x; theta) - f(x; theta + e xi)||^2, the mean over the inputs.
 *
 * @param noise x, [batch, height, width, channels]
 * @param xi the change's direction by weight; nothing for those that stay
 */
export function outputChange(
  { apply }: Pick<GradientContext, 'apply'>,
  noise: Tensor,
  {
    xi,
    perturbation,
  }: { xi(name: string, weight: Tensor): Tensor | undefined; perturbation: number },
): Tensor {
  const changed = (name: string, weight: Tensor) => {
    const direction = xi(name, weight);
    return direction ? tf.add(weight, tf.mul(direction, perturbation)) : weight;
  };
  const difference = tf.sub(apply(noise).logits, apply(noise, changed).logits);
  return tf.div(tf.sum(tf.square(difference)), noise.shape[0]!);
}

/**
 * NTK-SAP (Wang et al. 2023) for channels: |dS/dm| of gates m, where S = ||f(x; m theta) - f(x; m (theta + e xi))||^2
 * with Gaussian xi estimates the trace of the neural tangent kernel. Images are Gaussian noise of the data's shape,
 * as many as there are in the data; gates are shared by both passes. With `iterative({ rounds, path: 'geometric' })` the
 * density falls as in the paper. Running statistics of batch norms are the model's, or the initial ones.
 */
export const ntkSap = defineCriterion({
  name: 'ntk-sap',
  about: 'how much outputs change, without labels (NTK-SAP)',
  contract: 1,
  score:
    ({ perturbation = 0.01, weights: which = 'trained' }: NtkSapOptions) =>
    async ({ model, weights, engine, data, batchSize, generator }): Promise<Scores> => {
      const trained = new Set(model.params.filter((p) => p.trainable).map((p) => p.name));
      const initial = generator.fork('initial');
      const { change } = await meanGradients({
        model,
        weights,
        engine,
        data,
        batchSize,
        generator,
        by: 'channels',
        weightsOf:
          which === 'initial'
            ? (batch) => model.initialize(initial.fork(String(batch)))
            : undefined,
        losses: {
          change({ images, apply, draw }) {
            const xi = (name: string, weight: Tensor) =>
              trained.has(name) ? draw(`xi.${name}`, weight.shape, 'normal') : undefined;
            return outputChange({ apply }, draw('images', images.shape, 'normal'), {
              xi,
              perturbation,
            });
          },
        },
      });
      return new Map(Object.entries(change).map(([name, x]) => [name, x.map(Math.abs)]));
    },
});
