import {
  adaptiveAveragePool,
  conv2d,
  convNorm,
  type Dim,
  dropout,
  type FeatureMap,
  normal,
  resizeBilinear,
  type Scope,
  shareOption,
  type Tensor,
  tf,
  wholeFrom,
  widthOption,
} from '@kcr/core';
import { defineHead } from '../head/head.ts';
import { segmentationLoss } from './segmentation-loss.ts';
import { semanticSegmentation } from './segmentation-task.ts';

/** Options of UperNet, under OpenMMLab's names. */
export interface UperNetConfig {
  /** Width of the pyramid. */
  channels: number;
  /** Sides of the pyramid pooling's maps. */
  pool_scales: readonly number[];
  dropout_ratio: number;
  /** Width of the auxiliary head, which is used in training only; 0: none. */
  auxiliary_channels: number;
  auxiliary_weight: number;
}

const layer = (m: Scope, x: Tensor, input: Dim | readonly Dim[], output: Dim, kernel: number) =>
  m.tap('out', convNorm(m, x, input, output, { kernel, norm: 'bn', activation: tf.relu }), output);

const sizeOf = (map: Tensor): readonly [number, number] => [map.shape[1]!, map.shape[2]!];

/** Pyramid pooling (Zhao et al. 2017): means over bins of several sizes, beside the map itself. */
function pyramidPooling(
  m: Scope,
  { value, dim }: FeatureMap,
  channels: Dim,
  { pool_scales, channels: width }: UperNetConfig,
): Tensor {
  const pooled = pool_scales.map((scale, i) => {
    const module = m.child('psp_modules').child(i).child(1);
    const own = module.dim('channels', width);
    const y = layer(module, adaptiveAveragePool(value, [scale, scale]), dim, own, 1);
    return { y: resizeBilinear(y, sizeOf(value)), dim: own };
  });
  const all = tf.concat([value, ...pooled.map(({ y }) => y)], 3);
  const dims = [dim, ...pooled.map((part) => part.dim)];
  return layer(m.child('bottleneck'), all, dims, channels, 3);
}

/** Pyramid pooling, a feature pyramid, and all levels together: [batch, height, width, classes] of the finest map. */
function decode(m: Scope, maps: readonly FeatureMap[], config: UperNetConfig, classes: number) {
  const channels = m.dim('channels', config.channels);
  const finer = maps.slice(0, -1);
  const levels = finer.map(({ value, dim }, i) =>
    layer(m.child('lateral_convs').child(i), value, dim, channels, 1),
  );
  levels.push(pyramidPooling(m, maps.at(-1)!, channels, config));
  for (let i = levels.length - 2; i >= 0; i--)
    levels[i] = tf.add(levels[i]!, resizeBilinear(levels[i + 1]!, sizeOf(levels[i]!)));
  const finest = sizeOf(levels[0]!);
  const smoothed = levels.map((level, i) =>
    i < finer.length ? layer(m.child('fpn_convs').child(i), level, channels, channels, 3) : level,
  );
  const all = tf.concat(
    smoothed.map((level) => resizeBilinear(level, finest)),
    3,
  );
  const wide = Array<Dim>(smoothed.length).fill(channels);
  const joined = m.dim('joined', config.channels);
  const read = layer(m.child('fpn_bottleneck'), all, wide, joined, 3);
  const kept = dropout(m, read, config.dropout_ratio);
  return conv2d(m.child('conv_seg').classifier(), kept, joined, classes, {
    kernel: 1,
    init: normal(0.01),
  });
}

/** A convolution and the classes, on the last map but one. */
function auxiliary(m: Scope, { value, dim }: FeatureMap, config: UperNetConfig, classes: number) {
  const channels = m.dim('channels', config.auxiliary_channels);
  const read = layer(m.child('convs').child(0), value, dim, channels, 3);
  const kept = dropout(m, read, config.dropout_ratio);
  return conv2d(m.child('conv_seg').classifier(), kept, channels, classes, {
    kernel: 1,
    init: normal(0.01),
  });
}

/** UperNet (Xiao et al. 2018) as Swin is trained with: semantic segmentation of maps of strides 4, 8, 16 and 32. */
export const upernet = defineHead<UperNetConfig>({
  name: 'upernet',
  about: 'semantic segmentation (UPerNet)',
  module: '@kcr/detect',
  contract: 1,
  task: semanticSegmentation,
  defaults: {
    num_classes: 150,
    channels: 512,
    pool_scales: [1, 2, 3, 6],
    dropout_ratio: 0.1,
    auxiliary_channels: 256,
    auxiliary_weight: 0.4,
  },
  ranges: {
    channels: widthOption,
    pool_scales: wholeFrom(1, 64),
    dropout_ratio: shareOption,
    auxiliary_channels: wholeFrom(0, widthOption.max),
  },
  strides: () => [4, 8, 16, 32],
  forward(m, { maps, config, targets }) {
    const { num_classes, auxiliary_channels, auxiliary_weight } = config;
    const logits = decode(m.child('decode_head'), maps, config, num_classes);
    const besides = auxiliary_channels
      ? auxiliary(m.trainingOnly('auxiliary_head'), maps.at(-2)!, config, num_classes)
      : undefined;
    if (!targets) return { logits };
    const losses: Record<string, Tensor> = {
      decodeLoss: segmentationLoss(logits, targets.labels!),
    };
    if (besides)
      losses.auxiliaryLoss = tf.mul(segmentationLoss(besides, targets.labels!), auxiliary_weight);
    return { logits, losses };
  },
});
