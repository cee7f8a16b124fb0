import { channelSums, defineCriterion, weightValues } from '@kcr/core';

export interface MagnitudeOptions {
  /** Sum of absolute values (1) or of squares (2). Default 2. */
  norm?: 1 | 2;
}

/** The size of the weights that carry a channel, in all layers that it belongs to. */
export const magnitude = defineCriterion({
  name: 'magnitude',
  about: 'the norms of weights',
  contract: 1,
  score:
    ({ norm = 2 }: MagnitudeOptions) =>
    ({ model, weights }) =>
      channelSums(
        model,
        weightValues(model, (name, i) => Math.abs(weights[name]!.data[i]!) ** norm),
        { weightsOnly: true },
      ),
});
