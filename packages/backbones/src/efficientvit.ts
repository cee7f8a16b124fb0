import {
  type Architecture,
  classifier,
  convNorm,
  type Dim,
  dropout,
  type FeatureMap,
  hardSwish,
  layerNorm,
  linear,
  type OptionRanges,
  put,
  resizeInputChannels,
  type Scope,
  shareOption,
  type Tensor,
  take,
  tf,
  wholeFrom,
  widthOption,
  withDefaults,
} from '@kcr/core';
import {
  checkDivides,
  checkLengths,
  checkTokens,
  depthOption,
  type ImageConfig,
  imageInput,
  imageRanges,
  ratioOption,
} from './config.ts';
import { multiScaleAttention } from './multi-scale-attention.ts';

/** timm's `EfficientVit` (MIT) arguments. */
export interface EfficientVitConfig extends ImageConfig {
  /** Width of the stem and of each stage. */
  widths: readonly number[];
  /** Blocks of the stem and of each stage. */
  depths: readonly number[];
  head_dim: number;
  /** Expansion of the inverted residual blocks. */
  expand_ratio: number;
  /** Kernel sizes of the aggregated branches of attention, beside the plain one. */
  scales: readonly number[];
  /** Widths of the head's convolution and of its hidden layer, which the classifier reads. */
  head_widths: readonly [number, number];
  drop_rate: number;
}

const defaults: EfficientVitConfig = {
  img_size: 224,
  in_chans: 3,
  num_classes: 1000,
  widths: [16, 32, 64, 128, 256],
  depths: [1, 2, 3, 3, 4],
  head_dim: 16,
  expand_ratio: 4,
  scales: [5],
  head_widths: [1536, 1600],
  drop_rate: 0,
};

const ranges: OptionRanges<EfficientVitConfig> = {
  ...imageRanges,
  widths: widthOption,
  depths: depthOption,
  head_dim: widthOption,
  expand_ratio: ratioOption,
  scales: wholeFrom(1, 63, [0, 8]),
  head_widths: { ...widthOption, entries: [2, 2] },
  drop_rate: shareOption,
};

/** The stages from this one on have attention. */
const FIRST_ATTENTION = 2;
const EPS = 1e-5;

interface BlockOptions {
  ratio: number;
  stride: number;
  /** Biases in place of all norms but the last. */
  fewerNorms: boolean;
}

/**
 * An inverted residual block, or a depthwise separable one where the ratio is 1. Its dim `hidden` is the
 * input's where the ratio is 1.
 */
function localBlock(
  m: Scope,
  x: Tensor,
  from: Dim,
  to: Dim,
  { ratio, stride, fewerNorms }: BlockOptions,
) {
  const inner = { norm: fewerNorms ? undefined : ('norm' as const), activation: hardSwish };
  let [wide, hidden] = [x, from];
  if (ratio !== 1) {
    hidden = m.dim('hidden', Math.round(from.full * ratio));
    const expand = { kernel: 1, ...inner };
    wide = m.tap('expanded', convNorm(m.child('inverted_conv'), x, from, hidden, expand), hidden);
  }
  const spatial = { kernel: 3, stride, depthwise: true, ...inner };
  const mixed = m.tap(
    'hidden',
    convNorm(m.child('depth_conv'), wide, hidden, hidden, spatial),
    hidden,
  );
  return convNorm(m.child('point_conv'), mixed, hidden, to, { kernel: 1, norm: 'norm' });
}

/**
 * An attention block: multi-scale attention and an inverted residual block, each with a shortcut. Dim `io`
 * is the view of the stream that the inverted residual block reads and writes; taps `in` and `out` (io).
 */
function attentionBlock(m: Scope, x: Tensor, channels: Dim, config: EfficientVitConfig): Tensor {
  const context = m.child('context_module').child('main');
  const attention = { headDim: config.head_dim, scales: config.scales };
  const mixed = tf.add(x, multiScaleAttention(context, x, channels, attention));
  const tokens = m.tap('tokens', mixed, channels);
  const local = m.child('local_module').child('main');
  const io = local.dim('io', channels);
  const read = local.tap('in', take(tokens, io), io);
  const options = { ratio: config.expand_ratio, stride: 1, fewerNorms: true };
  const written = local.tap('out', localBlock(local, read, io, io, options), io);
  return m.tap('out', tf.add(tokens, put(written, io)), channels);
}

/** The stem: a strided convolution and residual separable ones. Dim `channels`. */
function stem(m: Scope, image: Tensor, config: EfficientVitConfig): { x: Tensor; channels: Dim } {
  const channels = m.dim('channels', config.widths[0]!);
  const resize = resizeInputChannels(config.in_chans);
  const options = { kernel: 3, stride: 2, norm: 'norm', activation: hardSwish, resize } as const;
  let x = convNorm(m.child('in_conv'), image, config.in_chans, channels, options);
  x = m.tap('in', x, channels);
  for (let i = 0; i < config.depths[0]!; i++) {
    const block = m.child(`res${i}`).child('main');
    const local = localBlock(block, x, channels, channels, {
      ratio: 1,
      stride: 1,
      fewerNorms: false,
    });
    x = m.child(`res${i}`).tap('out', tf.add(x, local), channels);
  }
  return { x, channels };
}

/** A stage: a strided block, then residual ones, with attention in the later stages. Dim `channels`. */
function stage(m: Scope, input: Tensor, from: Dim, index: number, config: EfficientVitConfig) {
  const channels = m.dim('channels', config.widths[index + 1]!);
  const ratio = config.expand_ratio;
  const attends = index >= FIRST_ATTENTION;
  const block = (i: number) => m.child('blocks').child(i);
  const options = { ratio, stride: 2, fewerNorms: attends };
  const first = localBlock(block(0).child('main'), input, from, channels, options);
  let x = block(0).tap('out', first, channels);
  const last = config.depths[index + 1]! - (attends ? 0 : 1);
  for (let i = 1; i <= last; i++) {
    if (attends) {
      x = attentionBlock(block(i), x, channels, config);
    } else {
      const same = { ratio, stride: 1, fewerNorms: false };
      const local = localBlock(block(i).child('main'), x, channels, channels, same);
      x = block(i).tap('out', tf.add(x, local), channels);
    }
  }
  return { x, channels };
}

/** The stem and the stages. */
function efficientvitStages(m: Scope, image: Tensor, config: EfficientVitConfig): FeatureMap[] {
  let { x, channels } = stem(m.child('stem'), image, config);
  return config.widths.slice(1).map((_, i) => {
    ({ x, channels } = stage(m.child('stages').child(i), x, channels, i, config));
    return { value: x, dim: channels, stride: 4 * 2 ** i };
  });
}

/** EfficientViT of MIT (Cai et al. 2023), as timm builds it. */
export const efficientvit: Architecture<EfficientVitConfig> = {
  name: 'efficientvit',
  module: '@kcr/backbones',
  contract: 1,
  tokens: 'grid',

  configure(partial) {
    const config = withDefaults('efficientvit', defaults, partial, ranges);
    const { widths, depths } = config;
    checkLengths('efficientvit', { widths, depths });
    checkTokens('efficientvit', config, 8, { blocks: depths });
    for (const width of widths.slice(FIRST_ATTENTION + 1))
      checkDivides('efficientvit', 'widths by head_dim', width, config.head_dim);
    return config;
  },

  input: imageInput,

  timm: { args: Object.keys(defaults).filter((key) => key !== 'img_size' && key !== 'scales') },

  forward(m, image, config) {
    const featureMaps = efficientvitStages(m, image, config);
    const { value: x, dim: channels } = featureMaps.at(-1)!;
    const head = m.child('head');
    const [wide, hidden] = config.head_widths;
    const pooled = head.dim('channels', wide);
    const embed = head.dim('features', hidden, { prunable: false });
    const options = { kernel: 1, norm: 'norm', activation: hardSwish } as const;
    const last = convNorm(head.child('in_conv'), x, channels, pooled, options);
    const mean = tf.mean(head.tap('channels', last, pooled), [1, 2]);
    const layers = head.child('classifier');
    const inner = linear(layers.child(0), mean, pooled, embed, { bias: false });
    const normed = layerNorm(layers.child(1), inner, embed, EPS);
    const features = m.tap('features', hardSwish(normed), embed);
    const read = dropout(layers.child(3), features, config.drop_rate);
    const logits = classifier(layers.child(4), read, embed, config.num_classes);
    return { logits, features, tokens: x, featureMaps };
  },

  stages: efficientvitStages,
};
