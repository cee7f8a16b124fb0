import { type Scope, stopGradient, type Tensor, tf } from '@kcr/core';
import { encodeBoxes } from '../boxes/box-coding.ts';
import { assign } from './assign.ts';
import { binaryCrossEntropy, weightedMean } from './losses.ts';
import type { RpnConfig, RpnOutput } from './rpn.ts';
import { sample } from './sampling.ts';
import type { Truth } from './truth.ts';

/** Objectness and boxes of a random sample of anchors: positive from an overlap of 0.7 on, background below 0.3. */
export function rpnLosses(
  m: Scope,
  { levels }: RpnOutput,
  truth: Truth,
  { rpn_num }: RpnConfig,
): { rpnClassLoss: Tensor; rpnBoxLoss: Tensor } {
  const all = (of: (level: RpnOutput['levels'][number]) => Tensor) => tf.concat(levels.map(of), 1);
  const anchors = all((level) => level.anchors);
  const objectness = all((level) => level.objectness);
  const own = assign(anchors, truth, { positive: 0.7, negative: 0.3, best: true });
  const noise = m.draw('noise', objectness.shape, 'uniform');
  const chosen = sample(own, noise, { count: rpn_num, positiveShare: 0.5 });
  const weights = tf.add(chosen.positive, chosen.negative);
  const targets = stopGradient(encodeBoxes(own.boxes, anchors));
  const apart = tf.sum(
    tf.abs(
      tf.sub(
        all((level) => level.deltas),
        targets,
      ),
    ),
    2,
  );
  return {
    rpnClassLoss: weightedMean(binaryCrossEntropy(objectness, chosen.positive), weights),
    rpnBoxLoss: weightedMean(apart, chosen.positive, weights),
  };
}
