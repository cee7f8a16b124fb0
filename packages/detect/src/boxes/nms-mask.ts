import { defineOp, float32, stopGradient, type Tensor, tf } from '@kcr/core';
import type { OnnxBuilder } from '@kcr/onnx';
import { nms } from './nms.ts';

const nmsMaskOp = defineOp({
  name: 'NmsMask',
  inputs: ['boxes', 'scores'],
  compute: ({ boxes, scores }, { threshold }: { threshold: number }) => {
    const [images, n] = scores.shape as [number, number];
    const [all, values] = [boxes.dataSync<'float32'>(), scores.dataSync<'float32'>()];
    const mask = new Float32Array(images * n);
    for (let image = 0; image < images; image++) {
      const own = values.subarray(image * n, (image + 1) * n);
      const used = Int32Array.from(own.keys()).filter((i) => own[i]! > 0);
      const row = (i: number) => [...all.subarray(4 * (image * n + i), 4 * (image * n + i + 1))];
      const candidates = float32([used.length, 4], Array.from(used, row).flat());
      const kept = nms(
        candidates,
        Float32Array.from(used, (i) => own[i]!),
        threshold,
      );
      for (const i of kept) mask[image * n + used[i]!] = 1;
    }
    return tf.tensor(mask, [images, n]);
  },
  // The definition reads its inputs, so it cannot be traced.
  shapes: ({ scores }) => scores,
  lowerings: {
    // ONNX selects boxes, as many as there are: written as a mask, so that shapes stay static.
    onnx: (b: OnnxBuilder, { boxes, scores }, { threshold }, { y }) => {
      const [axis, first] = [b.int64([1]), b.int64([0])];
      const selected = b.node('NonMaxSuppression', [
        b.get(boxes),
        b.node('Unsqueeze', [b.get(scores), axis]),
        b.int64([scores.shape[1]!]),
        b.initializer('float32', [1], Float32Array.of(threshold)),
        b.initializer('float32', [1], Float32Array.of(0)),
      ]);
      // Columns: image, class, box.
      const places = b.node('Gather', [selected, b.int64([0, 2])], { axis: 1 });
      const count = b.node('Gather', [b.node('Shape', [selected]), first], { axis: 0 });
      const zeros = b.node('Expand', [b.scalar(0), b.shape(y)]);
      return b.node('ScatterND', [zeros, places, b.node('Expand', [b.scalar(1), count])]);
    },
  },
});

/**
 * Non-maximum suppression within a step: 1 for the boxes that are left, else 0; boxes without a score above 0 are none.
 * Gradients do not pass.
 *
 * @param boxes [images, n, 4]
 * @param scores [images, n]
 * @param threshold intersection over union above which the lower score goes
 * @returns [images, n]
 */
export const nmsMask = (boxes: Tensor, scores: Tensor, threshold: number): Tensor =>
  nmsMaskOp({ boxes: stopGradient(boxes), scores: stopGradient(scores) }, { threshold });
