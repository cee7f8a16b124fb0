import {
  axisParts,
  channelSums,
  crossEntropy,
  defineCriterion,
  type GradientContext,
  type ModelOutput,
  meanGradients,
  type ParamSpec,
  partDim,
  type Scores,
  stopGradient,
  type Tensor,
  tf,
  type WeightValues,
  weightValues,
} from '@kcr/core';
import { lowPass } from './low-pass.ts';

export interface LfsOptions {
  /** Weight of the cross-entropy beside the distance of the features. Default 0.1. */
  lambda?: number;
  /** Cut-off of the low-pass filter. Default 0.1. */
  sigma?: number;
  /**
   * `paper` (default): lambda (w dCE/dw)^2 + (1 - lambda) (w dKL/dw)^2. `code`, the official code's: the square
   * of w d(lambda CE + (1 - lambda) KL)/dw, the KL divided by the features' number too.
   */
  form?: 'paper' | 'code';
  /**
   * For `paper`: the two losses take turns, one for each batch, at half the cost; each is then a mean over half of
   * the images. Default false.
   */
  takeTurns?: boolean;
}

/** KL(softmax(teacher) || softmax(student)) of features, mean over the images. Both [batch, d]. */
function featureDivergence(teacher: Tensor, student: Tensor): Tensor {
  const [target, log] = [tf.logSoftmax(teacher), tf.logSoftmax(student)];
  return tf.div(tf.sum(tf.mul(tf.exp(target), tf.sub(target, log))), student.shape[0]!);
}

/** Whether a weight's outputs are channels that can be pruned: the others have no part in the score. */
const scored = ({ shape, axes }: ParamSpec): boolean =>
  shape.length > 1 && axisParts(axes[0]!).some((part) => partDim(part)?.prunable);

type Loss = (context: GradientContext, filtered: ModelOutput) => Tensor;

const task: Loss = ({ targets }, { logits }) => crossEntropy(logits, targets);

const distance: Loss = ({ images, apply }, { features }) =>
  featureDivergence(stopGradient(apply(images).features), features);

/**
 * Low-frequency sensitivity (VTC-LFC 3.2): how much low-pass filtered images need a channel, to first order. The
 * loss on them is the cross-entropy, and the distance of the features (the class token, or the pooled map)
 * from those of the whole images. Summed over the weights that compute the channel; q and k share a score.
 */
export const lfs = defineCriterion({
  name: 'lfs',
  about: 'low-frequency sensitivity (VTC-LFC)',
  contract: 1,
  score:
    ({ lambda = 0.1, sigma = 0.1, form = 'paper', takeTurns = false }: LfsOptions) =>
    async ({ model, weights, engine, data, batchSize }): Promise<Scores> => {
      const filtered = (loss: Loss) => (context: GradientContext) =>
        loss(context, context.apply(lowPass(context.images, sigma)));
      const gradients = <L extends string>(losses: Record<L, Loss>) =>
        meanGradients({
          model,
          weights,
          engine,
          data,
          batchSize,
          takeTurns,
          only: scored,
          losses: Object.fromEntries(
            Object.entries<Loss>(losses).map(([name, loss]) => [name, filtered(loss)]),
          ) as Record<L, ReturnType<typeof filtered>>,
        });
      const squares = (slopes: WeightValues) =>
        channelSums(
          model,
          weightValues(
            model,
            (name, i) => (weights[name]!.data[i]! * slopes[name]![i]!) ** 2,
            scored,
          ),
          { axes: 'outputs' },
        );
      if (form === 'code') {
        const both: Loss = (context, out) =>
          tf.add(
            tf.mul(task(context, out), lambda),
            tf.mul(distance(context, out), (1 - lambda) / model.featureSize),
          );
        return squares((await gradients({ both })).both);
      }
      const found = await gradients({ task, distance });
      const [tasks, distances] = [squares(found.task), squares(found.distance)];
      return new Map(
        [...tasks].map(([name, values]) => {
          const other = distances.get(name)!;
          return [name, values.map((x, i) => lambda * x + (1 - lambda) * other[i]!)];
        }),
      );
    },
});
