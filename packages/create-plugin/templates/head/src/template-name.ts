import { conv2d, convNorm, resizeBilinear, tf } from '@kcr/core';
import { defineHead, segmentationLoss, semanticSegmentation } from '@kcr/detect';

const defaults = {
  /** Channels of what the maps become. */
  channels: 32,
  num_classes: 2,
};

export type TemplateNameConfig = typeof defaults;

/**
 * Semantic segmentation from two maps of a backbone: each becomes as many channels by a convolution of 1 x 1, the coarse one as
 * large as the fine one, and the classes of each place are read from their sum.
 */
export const templateName = defineHead<{ channels: number }>({
  name: 'template_name',
  about: 'semantic segmentation from two maps',
  module: 'template-package', // which exports it in `heads`, so that checkpoints find it
  contract: 1,
  task: semanticSegmentation,
  defaults,
  strides: () => [4, 8],
  forward(m, { maps, targets, config: { channels, num_classes } }) {
    // Its own dimensions may be pruned as a backbone's.
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
    const sum = m.tap(
      'sum',
      parts.reduce((sum, part) => tf.add(sum, part)),
      width,
    );
    const logits = conv2d(m.child('conv_seg'), sum, width, num_classes, { kernel: 1 });
    return targets
      ? { logits, losses: { segmentation: segmentationLoss(logits, targets.labels!) } }
      : { logits };
  },
});
