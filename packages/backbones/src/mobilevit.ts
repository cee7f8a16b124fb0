import {
  type Architecture,
  attention,
  type ConvNormOptions,
  classifier,
  conv2d,
  convNorm,
  type Dim,
  dropout,
  dropPath,
  type FeatureMap,
  inverse,
  layerNorm,
  type OptionRanges,
  resizeBilinear,
  resizeInputChannels,
  type Scope,
  shareOption,
  silu,
  type Tensor,
  tf,
  transformerBlock,
  wholeFrom,
  widthOption,
  withDefaults,
} from '@kcr/core';
import {
  checkDivides,
  checkLengths,
  checkTokens,
  depthOption,
  dropPathRates,
  type ImageConfig,
  imageInput,
  imageRanges,
  ratioOption,
} from './config.ts';
import { fromParts, intoParts, toMap, toTokens } from './tokens.ts';

/** What timm's `mobilevit_*` configurations of `ByobNet` differ in, and its arguments. */
export interface MobileVitConfig extends ImageConfig {
  /** Width of the stem. */
  stem_chs: number;
  /** Width of each stage. */
  channels: readonly number[];
  /** Inverted residual blocks of each stage. */
  depths: readonly number[];
  /** Expansion of the inverted residual blocks. */
  bottle_ratio: number;
  /** Width of each stage's transformer; 0 for a stage without. */
  transformer_dims: readonly number[];
  /** Blocks of each stage's transformer. */
  transformer_depths: readonly number[];
  num_heads: number;
  mlp_ratio: number;
  patch_size: number;
  /** Width of the last convolution, which the classifier reads. */
  num_features: number;
  drop_rate: number;
  drop_path_rate: number;
}

type Variant = Pick<
  MobileVitConfig,
  'channels' | 'transformer_dims' | 'num_features' | 'bottle_ratio'
>;

/** The sizes by timm name. */
export const mobilevitVariants: Readonly<Record<string, Variant>> = {
  mobilevit_xxs: {
    channels: [16, 24, 48, 64, 80],
    transformer_dims: [0, 0, 64, 80, 96],
    num_features: 320,
    bottle_ratio: 2,
  },
  mobilevit_xs: {
    channels: [32, 48, 64, 80, 96],
    transformer_dims: [0, 0, 96, 120, 144],
    num_features: 384,
    bottle_ratio: 4,
  },
  mobilevit_s: {
    channels: [32, 64, 96, 128, 160],
    transformer_dims: [0, 0, 144, 192, 240],
    num_features: 640,
    bottle_ratio: 4,
  },
};

const defaults: MobileVitConfig = {
  ...mobilevitVariants.mobilevit_s!,
  img_size: 256,
  in_chans: 3,
  num_classes: 1000,
  stem_chs: 16,
  depths: [1, 3, 1, 1, 1],
  transformer_depths: [0, 0, 2, 4, 3],
  num_heads: 4,
  mlp_ratio: 2,
  patch_size: 2,
  drop_rate: 0,
  drop_path_rate: 0,
};

const ranges: OptionRanges<MobileVitConfig> = {
  ...imageRanges,
  stem_chs: widthOption,
  channels: widthOption,
  depths: depthOption,
  bottle_ratio: ratioOption,
  transformer_dims: wholeFrom(0, widthOption.max),
  transformer_depths: depthOption,
  num_heads: wholeFrom(1, 1024),
  mlp_ratio: ratioOption,
  patch_size: wholeFrom(1, 256),
  num_features: widthOption,
  drop_rate: shareOption,
  drop_path_rate: shareOption,
};

const EPS = 1e-5;

/** timm's `make_divisible`: the multiple of 8 nearest to `value`, but not below 90 % of it. */
function makeDivisible(value: number): number {
  const rounded = Math.max(8, Math.floor((value + 4) / 8) * 8);
  return rounded < 0.9 * value ? rounded + 8 : rounded;
}

const layer = (
  m: Scope,
  x: Tensor,
  from: Dim | number | readonly Dim[],
  to: Dim,
  options: ConvNormOptions,
) => convNorm(m, x, from, to, { norm: 'bn', activation: silu, ...options });

/** An inverted residual block. Dims `hidden` and, where its width changes, `channels`. */
function invertedResidual(
  m: Scope,
  x: Tensor,
  input: Dim,
  width: number,
  { ratio, stride, rate }: { ratio: number; stride: number; rate: number },
): { y: Tensor; output: Dim } {
  const hidden = m.dim('hidden', makeDivisible(input.full * ratio));
  const shortcut = stride === 1 && input.full === width;
  const output = shortcut ? input : m.dim('channels', width);
  const wide = m.tap(
    'expanded',
    layer(m.child('conv1_1x1'), x, input, hidden, { kernel: 1 }),
    hidden,
  );
  const spatial = { kernel: 3, stride, depthwise: true };
  const mixed = m.tap('hidden', layer(m.child('conv2_kxk'), wide, hidden, hidden, spatial), hidden);
  const out = convNorm(m.child('conv3_1x1'), mixed, hidden, output, { kernel: 1, norm: 'bn' });
  const y = shortcut ? tf.add(x, dropPath(m, out, rate)) : out;
  return { y: m.tap('out', y, output), output };
}

/** Positions of a grid by their place in a patch: attention runs among the same place of all patches. */
function unfoldOrder(height: number, width: number, patch: number): number[] {
  const order: number[] = [];
  for (let place = 0; place < patch * patch; place++)
    for (let row = Math.floor(place / patch); row < height; row += patch)
      for (let column = place % patch; column < width; column += patch)
        order.push(row * width + column);
  return order;
}

interface TransformerOptions {
  depth: number;
  /** Of stochastic depth. */
  rate: number;
  config: MobileVitConfig;
}

/** The global half of a MobileViT block: a transformer over unfolded patches. [batch, h, w, embed] */
function transformer(
  m: Scope,
  map: Tensor,
  embed: Dim,
  { depth, rate, config }: TransformerOptions,
): Tensor {
  const [, height, width] = map.shape as [number, number, number, number];
  const patch = config.patch_size;
  const whole = (n: number) => Math.ceil(n / patch) * patch;
  const even = resizeBilinear(map, [whole(height), whole(width)]);
  const order = unfoldOrder(whole(height), whole(width), patch);
  const layout = { height: whole(height), width: whole(width), positions: order };
  let x = intoParts(toTokens(even), order, patch * patch);
  for (let i = 0; i < depth; i++)
    x = transformerBlock(
      m.child('transformer').child(i),
      x,
      embed,
      (attn, normed) => attention(attn, normed, embed, { heads: config.num_heads, layout }),
      { mlp: { ratio: config.mlp_ratio, activation: silu }, eps: EPS, dropPath: rate, layout },
    );
  const normed = layerNorm(m.child('norm'), x, embed, EPS);
  const folded = fromParts(normed, inverse(order, order.length), patch * patch);
  return resizeBilinear(toMap(folded, whole(width)), [height, width]);
}

/**
 * A MobileViT block: local convolutions, a transformer, and the fusion of its result with the input.
 * Dims `local`, `embed`, `proj` and `channels`.
 */
function mobilevitBlock(
  m: Scope,
  x: Tensor,
  input: Dim,
  width: number,
  options: TransformerOptions,
): { y: Tensor; output: Dim } {
  const local = m.dim('local', input.full);
  const embed = m.dim('embed', width, { prunable: false });
  const proj = m.dim('proj', input.full);
  const output = m.dim('channels', input.full);
  const near = m.tap('local', layer(m.child('conv_kxk'), x, input, local, { kernel: 3 }), local);
  const wide = conv2d(m.child('conv_1x1'), near, local, embed, { kernel: 1, bias: false });
  const far = transformer(m, wide, embed, options);
  const back = m.tap('proj', layer(m.child('conv_proj'), far, embed, proj, { kernel: 1 }), proj);
  const both = tf.concat([x, back], 3);
  const y = layer(m.child('conv_fusion'), both, [input, proj], output, { kernel: 3 });
  return { y: m.tap('out', y, output), output };
}

/** The stem and the stages. */
function mobilevitStages(m: Scope, image: Tensor, config: MobileVitConfig): FeatureMap[] {
  const { channels, depths, transformer_dims } = config;
  const stem = m.child('stem');
  let dim = stem.dim('channels', config.stem_chs);
  const resize = resizeInputChannels(config.in_chans);
  const first = layer(stem, image, config.in_chans, dim, { kernel: 3, stride: 2, resize });
  let x = stem.tap('out', first, dim);
  let stride = 2;
  const featureMaps: FeatureMap[] = [];
  const blocks = depths.map((depth, i) => depth + (transformer_dims[i] ? 1 : 0));
  const rates = dropPathRates(
    config.drop_path_rate,
    blocks.reduce((sum, n) => sum + n),
  );
  channels.forEach((width, i) => {
    const stage = m.child('stages').child(i);
    for (let j = 0; j < depths[i]!; j++) {
      const options = {
        ratio: config.bottle_ratio,
        stride: i > 0 && j === 0 ? 2 : 1,
        rate: rates.shift()!,
      };
      stride *= options.stride;
      const block = invertedResidual(stage.child(j), x, dim, width, options);
      [x, dim] = [block.y, block.output];
    }
    if (transformer_dims[i]) {
      const depth = config.transformer_depths[i]!;
      const options = { depth, rate: rates.shift()!, config };
      const at = stage.child(depths[i]!);
      const block = mobilevitBlock(at, x, dim, transformer_dims[i]!, options);
      [x, dim] = [block.y, block.output];
    }
    featureMaps.push({ value: x, dim, stride });
  });
  return featureMaps;
}

/** MobileViT (Mehta and Rastegari 2022), as timm builds it. */
export const mobilevit: Architecture<MobileVitConfig> = {
  name: 'mobilevit',
  module: '@kcr/backbones',
  contract: 1,
  tokens: 'grid',

  configure(partial) {
    const config = withDefaults('mobilevit', defaults, partial, ranges);
    const { channels, depths, transformer_dims, transformer_depths } = config;
    checkLengths('mobilevit', { channels, depths, transformer_dims, transformer_depths });
    checkTokens('mobilevit', config, 4, { blocks: [...depths, ...transformer_depths] });
    for (const width of transformer_dims)
      checkDivides('mobilevit', 'transformer_dims by num_heads', width, config.num_heads);
    return config;
  },

  input: imageInput,

  // The stages' sizes go with the name.
  timm: {
    args: ['in_chans', 'num_classes', 'stem_chs', 'num_features', 'drop_rate', 'drop_path_rate'],
  },

  forward(m, image, config) {
    const featureMaps = mobilevitStages(m, image, config);
    const { value, dim } = featureMaps.at(-1)!;
    const last = m.child('final_conv');
    const embed = last.dim('features', config.num_features, { prunable: false });
    const tokens = layer(last, value, dim, embed, { kernel: 1 });
    const features = m.tap('features', tf.mean(tokens, [1, 2]), embed);
    const head = m.child('head');
    const read = dropout(head.child('drop'), features, config.drop_rate);
    const logits = classifier(head.child('fc'), read, embed, config.num_classes);
    return { logits, features, tokens, featureMaps };
  },

  stages: mobilevitStages,
};
