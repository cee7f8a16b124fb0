import {
  channelSums,
  crossEntropy,
  defineCriterion,
  meanGradients,
  type Scores,
  weightValues,
} from '@kcr/core';

export interface TaylorOptions {
  /**
   * `squareOfSum`: (sum_w w dL/dw)^2 over the weights that carry a channel, the loss's change to first order
   * when all of them go (Molchanov et al. 2019, NViT). `sumOfSquares`: sum_w (w dL/dw)^2. Default
   * `squareOfSum`.
   */
  form?: 'squareOfSum' | 'sumOfSquares';
}

/** How much the cross-entropy would change without a channel, to first order; mean gradients over the images. */
export const taylor = defineCriterion({
  name: 'taylor',
  about: 'what the loss would change by, of first order',
  contract: 1,
  score:
    ({ form = 'squareOfSum' }: TaylorOptions) =>
    async ({ model, weights, engine, data, batchSize }): Promise<Scores> => {
      const { loss } = await meanGradients({
        model,
        weights,
        engine,
        data,
        batchSize,
        losses: {
          loss: ({ images, targets, apply }) => crossEntropy(apply(images).logits, targets),
        },
      });
      const change = (name: string, i: number) => weights[name]!.data[i]! * loss[name]![i]!;
      if (form === 'sumOfSquares')
        return channelSums(
          model,
          weightValues(model, (name, i) => change(name, i) ** 2),
        );
      const sums = channelSums(model, weightValues(model, change));
      return new Map([...sums].map(([name, values]) => [name, values.map((x) => x * x)]));
    },
});
