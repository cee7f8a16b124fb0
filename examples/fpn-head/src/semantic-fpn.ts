import { conv2d, convNorm, resizeBilinear, tf } from '@kcr/core';
import { defineHead, segmentationLoss, semanticSegmentation } from '@kcr/detect';

/** Semantic FPN (Kirillov et al. 2019), small: all maps become as large as the finest, and are added. */
export const semanticFpn = defineHead<{ channels: number }>({
  name: 'semantic_fpn',
  module: 'kcr-example-fpn-head',
  contract: 1,
  task: semanticSegmentation,
  defaults: { channels: 32, num_classes: 2 },
  strides: () => [4, 8, 16, 32],
  forward(m, { maps, targets, config: { channels, num_classes } }) {
    const width = m.dim('channels', channels);
    const [, height, side] = maps[0]!.value.shape as [number, number, number, number];
    const parts = maps.map(({ value, dim }, i) => {
      const part = convNorm(m.child('lateral').child(i), value, dim, width, {
        kernel: 1,
        norm: 'bn',
        activation: tf.relu,
      });
      return i === 0 ? part : resizeBilinear(part, [height, side]);
    });
    const joined = m.tap(
      'joined',
      parts.reduce((sum, part) => tf.add(sum, part)),
      width,
    );
    const logits = conv2d(m.child('conv_seg'), joined, width, num_classes, { kernel: 1 });
    return targets
      ? { logits, losses: { segmentation: segmentationLoss(logits, targets.labels!) } }
      : { logits };
  },
});
