import { stopGradient, type Tensor, takeTokens, tf } from '@kcr/core';
import { assign } from './assign.ts';
import { boxLosses, type RegionSample } from './box-losses.ts';
import { maskLoss } from './mask-loss.ts';
import { maskTargets } from './mask-targets.ts';
import { oneHotOf } from './of-class.ts';
import { type Heads, present, readBoxes, readMasks, refined } from './region-reading.ts';
import { sample } from './sampling.ts';
import type { Truth } from './truth.ts';

/** Classes, boxes and masks of a random sample of the proposals and the objects' own boxes. */
export function losses(heads: Heads, proposals: Tensor, truth: Truth) {
  const { stages, config, classIndex } = heads;
  let { boxes, weights } = sampled(heads, tf.concat([proposals, truth.boxes], 1), truth);
  const terms: Record<string, Tensor> = {};
  let logits = boxes;
  stages.forEach((stage, i) => {
    const name = (term: string) => (stages.length > 1 ? `stage${i}${term}` : lowerFirst(term));
    const read = { boxes, own: assign(boxes, truth, { positive: stage.iou }), weights };
    const out = readBoxes(heads, i, boxes);
    const { classLoss, boxLoss } = boxLosses(out, read, classIndex, stage.coding);
    terms[name('ClassLoss')] = tf.mul(classLoss, stage.weight);
    terms[name('BoxLoss')] = tf.mul(boxLoss, stage.weight);
    if (config.with_mask)
      terms[name('MaskLoss')] = tf.mul(lossOfMasks(heads, i, read, truth), stage.weight);
    logits = out.logits;
    if (i + 1 < stages.length) {
      boxes = refined(heads, i, out, boxes);
      weights = tf.mul(weights, present(boxes));
    }
  });
  return { logits, losses: terms };
}

const lowerFirst = (text: string) => text[0]!.toLowerCase() + text.slice(1);

/** A random sample of boxes for the losses; places that nothing fills have a weight of 0. */
function sampled(
  { m, stages, config }: Heads,
  candidates: Tensor,
  truth: Truth,
): Pick<RegionSample, 'boxes' | 'weights'> {
  const { rcnn_num: count, rcnn_pos_fraction: positiveShare } = config;
  const own = assign(candidates, truth, { positive: stages[0]!.iou });
  const usable = present(candidates);
  const noise = m.draw('noise', usable.shape, 'uniform');
  const candidatesOf = {
    positive: tf.mul(own.positive, usable),
    negative: tf.mul(own.negative, usable),
  };
  const chosen = sample(candidatesOf, noise, { count, positiveShare });
  const key = tf.add(tf.mul(chosen.positive, 2), chosen.negative);
  const { values, indices } = tf.topk(key, Math.min(count, key.shape[1]!));
  return {
    boxes: stopGradient(takeTokens(candidates, stopGradient(indices))),
    weights: stopGradient(tf.cast(tf.greater(values, 0), 'float32')),
  };
}

/** The mask loss over the regions that are objects, as many as a sample may have. */
function lossOfMasks(
  heads: Heads,
  stage: number,
  { boxes, own, weights }: RegionSample,
  truth: Truth,
): Tensor {
  const { classIndex, config } = heads;
  const most = Math.min(Math.floor(config.rcnn_num * config.rcnn_pos_fraction), boxes.shape[1]!);
  const { values, indices } = tf.topk(tf.mul(own.positive, weights), most);
  const index = stopGradient(indices);
  const taken = (x: Tensor) => stopGradient(takeTokens(x, index));
  const column = (x: Tensor) => tf.squeeze(taken(tf.expandDims(x, 2)), [2]);
  const regions = {
    boxes: taken(boxes),
    object: tf.cast(column(tf.cast(own.object, 'float32')), 'int32'),
    objectBoxes: taken(own.boxes),
  };
  const logits = readMasks(heads, stage, regions.boxes);
  const targets = maskTargets(truth.masks!, regions, 2 * config.mask_roi_size);
  return maskLoss(logits, targets, oneHotOf(column(own.labels), classIndex), stopGradient(values));
}
