import {
  axisParts,
  channelSums,
  crossEntropy,
  defineCriterion,
  type GradientContext,
  meanGradients,
  type ParamSpec,
  partDim,
  type Scores,
  type Tensor,
  tf,
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
}

/** KL(softmax(teacher) || softmax(student)) of features, mean over the images. Both [batch, d]. */
function featureDivergence(teacher: Tensor, student: Tensor): Tensor {
  const [target, log] = [tf.logSoftmax(teacher), tf.logSoftmax(student)];
  return tf.div(tf.sum(tf.mul(tf.exp(target), tf.sub(target, log))), student.shape[0]!);
}

/** Whether a weight's outputs are channels that can be pruned: the others have no part in the score. */
const scored = ({ shape, axes }: ParamSpec): boolean =>
  shape.length > 1 && axisParts(axes[0]!).some((part) => partDim(part)?.prunable);

/**
 * Low-frequency sensitivity (VTC-LFC 3.2): how much low-pass filtered images need a channel, to first order. The
 * loss on them is the cross-entropy, and the distance of the features (the class token, or the pooled map)
 * from those of the whole images. Summed over the weights that compute the channel; q and k share a score.
 */
export const lfs = defineCriterion(
  'lfs',
  ({ lambda = 0.1, sigma = 0.1, form = 'paper' }: LfsOptions) =>
    async ({ model, weights, engine, data, batchSize }): Promise<Scores> => {
      const onFiltered = ({ images, apply }: GradientContext) => apply(lowPass(images, sigma));
      const task = (context: GradientContext) =>
        crossEntropy(onFiltered(context).logits, context.targets);
      const features = (context: GradientContext) =>
        featureDivergence(context.reference.features!, onFiltered(context).features);
      const given = {
        ...{ model, weights, engine, data, batchSize },
        only: scored,
        reference: ({ images, apply }: GradientContext) => ({ features: apply(images).features }),
      };
      const options = { axes: 'outputs', weightsOnly: true } as const;
      const share = (name: string, i: number, gradient: number) =>
        (weights[name]!.data[i]! * gradient) ** 2;
      if (form === 'code') {
        const both = (context: GradientContext) =>
          tf.add(
            tf.mul(task(context), lambda),
            tf.mul(features(context), (1 - lambda) / model.featureSize),
          );
        const { loss } = await meanGradients({ ...given, losses: { loss: both } });
        return channelSums(
          model,
          weightValues(model, (name, i) => share(name, i, loss[name]![i]!), scored),
          options,
        );
      }
      const found = await meanGradients({ ...given, losses: { task, features } });
      const sensitivity = (name: string, i: number) =>
        lambda * share(name, i, found.task[name]![i]!) +
        (1 - lambda) * share(name, i, found.features[name]![i]!);
      return channelSums(model, weightValues(model, sensitivity, scored), options);
    },
);
