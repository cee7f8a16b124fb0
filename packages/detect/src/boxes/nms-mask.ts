import { defineComposite, float32, stopGradient, type Tensor, tf } from '@kcr/core';
import { nms } from './nms.ts';

const maskOp = defineComposite<{ threshold: number }>({
  name: 'NmsMask',
  shapes: ({ scores }) => [{ shape: scores!.shape, dtype: 'float32' }],
  compute: ({ boxes, scores }, { threshold }) => {
    const [images, n] = scores!.shape as [number, number];
    const [all, values] = [boxes!.dataSync<'float32'>(), scores!.dataSync<'float32'>()];
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
    return [tf.tensor(mask, [images, n])];
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
  maskOp({ boxes: stopGradient(boxes), scores: stopGradient(scores) }, { threshold })[0]!;
