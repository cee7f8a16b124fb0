import { type Tensor, tf } from '@kcr/core';
import { type BoxOutput, decodeClasses } from './box-head.ts';
import { detect } from './detections.ts';
import { masksOfClass } from './mask-loss.ts';
import { oneHotOf } from './of-class.ts';
import { type Heads, present, readBoxes, readMasks, refined } from './region-reading.ts';

/** What is in the images. */
export function find(heads: Heads, proposals: Tensor) {
  const { stages, classes, classIndex, pyramid, config } = heads;
  const [batch, n] = proposals.shape as [number, number, number];
  const outputs: BoxOutput[] = [];
  let boxes = proposals;
  for (const stage of stages.keys()) {
    if (stage > 0) boxes = refined(heads, stage - 1, outputs.at(-1)!, boxes);
    outputs.push(readBoxes(heads, stage, boxes));
  }
  const scores = mean(outputs.map(({ logits }) => tf.softmax(logits)));
  const objects = tf.slice(tf.reshape(scores, [batch, n, classes + 1]), 0, [batch, n, classes]);
  const last = decodeClasses(outputs.at(-1)!, boxes, stages.at(-1)!.coding);
  const sure = tf.mul(objects, tf.expandDims(present(proposals), 2));
  const found = detect(last, sure, pyramid.size, config);
  const results: Record<string, Tensor> = { ...found };
  if (config.with_mask) {
    const oneHot = oneHotOf(found.labels, classIndex);
    const masks = mean(
      [...stages.keys()].map((stage) => {
        const logits = readMasks(heads, stage, found.boxes);
        return tf.sigmoid(masksOfClass(logits, oneHot));
      }),
    );
    const side = 2 * config.mask_roi_size;
    results.masks = tf.reshape(masks, [batch, -1, side, side]);
  }
  return { logits: outputs.at(-1)!.logits, results };
}

const mean = (values: readonly Tensor[]): Tensor => {
  const sum = values.reduce((a, b) => tf.add(a, b));
  return values.length > 1 ? tf.div(sum, values.length) : sum;
};
