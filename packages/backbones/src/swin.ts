import {
  type Architecture,
  attention,
  classifier,
  constant,
  conv2d,
  type Dim,
  dropout,
  type FeatureMap,
  float32,
  inverse,
  layerNorm,
  linear,
  lookup,
  type OptionRanges,
  resizeBiasTable,
  resizePatches,
  type Scope,
  type StateDict,
  type StateMapping,
  shareOption,
  type Tensor,
  tf,
  transformerBlock,
  truncatedNormal,
  wholeFrom,
  widthOption,
  withDefaults,
  wrongConfig,
} from '@kcr/core';
import {
  checkDivides,
  checkLengths,
  checkPatches,
  checkTokens,
  depthOption,
  dropPathRates,
  type ImageConfig,
  imageInput,
  imageRanges,
  imageSize,
  pairOf,
  ratioOption,
} from './config.ts';
import { fromParts, gridLayout, intoParts, toMap, toTokens } from './tokens.ts';
import { mergeOrder, relativePositions, type Windows, windows } from './windows.ts';

/** timm's `SwinTransformer` arguments. */
export interface SwinConfig extends ImageConfig {
  patch_size: number;
  /** Width of the first stage; each stage doubles it. */
  embed_dim: number;
  depths: readonly number[];
  num_heads: readonly number[];
  /** Channels of a head; null: the stage's width divided by its heads. */
  head_dim: number | null;
  /** Side of a window, or its height and width; a grid that is smaller is one window. */
  window_size: number | readonly [height: number, width: number];
  mlp_ratio: number;
  qkv_bias: boolean;
  drop_rate: number;
  proj_drop_rate: number;
  attn_drop_rate: number;
  /** Largest drop path rate, reached linearly over all blocks. */
  drop_path_rate: number;
}

const defaults: SwinConfig = {
  img_size: 224,
  patch_size: 4,
  in_chans: 3,
  num_classes: 1000,
  embed_dim: 96,
  depths: [2, 2, 6, 2],
  num_heads: [3, 6, 12, 24],
  head_dim: null,
  window_size: 7,
  mlp_ratio: 4,
  qkv_bias: true,
  drop_rate: 0,
  proj_drop_rate: 0,
  attn_drop_rate: 0,
  drop_path_rate: 0.1,
};

const ranges: OptionRanges<SwinConfig> = {
  ...imageRanges,
  patch_size: wholeFrom(1, 256),
  embed_dim: widthOption,
  depths: { ...depthOption, entries: [1, 8] },
  num_heads: wholeFrom(1, 1024),
  head_dim: widthOption,
  window_size: { ...wholeFrom(1, 64), pair: true },
  mlp_ratio: ratioOption,
  drop_rate: shareOption,
  proj_drop_rate: shareOption,
  attn_drop_rate: shareOption,
  drop_path_rate: shareOption,
};

const EPS = 1e-5;

/** Halves a grid: the norm and the product `reduction` over each 2 x 2 patches' channels. */
function patchMerging(
  m: Scope,
  x: Tensor,
  { from, to, width }: { from: Dim; to: Dim; width: number },
): Tensor {
  const order = mergeOrder(x.shape[1]! / width, width);
  const parts = tf.reshape(intoParts(x, order, 1), [x.shape[0]!, order.length / 4, 4 * from.size]);
  const four = [from, from, from, from];
  const normed = layerNorm(m.child('norm'), parts, four, EPS);
  return linear(m.child('reduction'), normed, four, to, { bias: false });
}

/** The relative position bias, and the mask of a shifted window: [1 or windows, heads, area, area]. */
function scoreBias(m: Scope, heads: Dim, { window, area, count, mask }: Windows): Tensor {
  const rows = (2 * window.height - 1) * (2 * window.width - 1);
  const table = m.param('relative_position_bias_table', [rows, heads], truncatedNormal(0.02), {
    decay: false,
    resize: resizeBiasTable(window),
  });
  const pairs = lookup(table, relativePositions(window));
  const bias = tf.reshape(tf.transpose(pairs), [1, heads.size, area, area]);
  return mask ? tf.add(bias, constant(float32([count, 1, area, area], mask))) : bias;
}

interface WindowAttentionOptions {
  grid: Windows;
  heads: number;
  config: SwinConfig;
}

/** Attention within the windows of a grid, which may be shifted. [batch, h * w, embed] */
function windowAttention(
  m: Scope,
  x: Tensor,
  embed: Dim,
  { grid, heads, config }: WindowAttentionOptions,
): Tensor {
  const parts = intoParts(x, grid.order, grid.count);
  const mixed = attention(m, parts, embed, {
    heads,
    headDim: config.head_dim ?? undefined,
    qkvBias: config.qkv_bias,
    attnDrop: config.attn_drop_rate,
    projDrop: config.proj_drop_rate,
    scoreBias: (scope, dim) => scoreBias(scope, dim, grid),
    layout: { height: grid.height, width: grid.width, positions: grid.order },
  });
  return fromParts(mixed, inverse(grid.order, x.shape[1]!), grid.count);
}

/** Microsoft's names: `downsample` ends a stage there, and the classifier is `head`. */
const fromOfficial = (state: StateDict): StateDict =>
  Object.fromEntries(
    Object.entries(state).map(([name, array]) => [
      name
        .replace(
          /^layers\.(\d+)\.downsample/,
          (_, stage) => `layers.${Number(stage) + 1}.downsample`,
        )
        .replace(/^head\.(?!fc\.)/, 'head.fc.'),
      array,
    ]),
  );

/** Tables that follow from the sizes, and were once saved with the weights. */
const isTable = (name: string) => /\.(relative_position_index|attn_mask)$/.test(name);

const mappings: readonly StateMapping[] = [
  {
    name: 'official Swin',
    fits: (state) => 'head.weight' in state || 'layers.0.downsample.norm.weight' in state,
    map: fromOfficial,
  },
  {
    name: 'tables',
    fits: (state) => Object.keys(state).some(isTable),
    map: (state) => Object.fromEntries(Object.entries(state).filter(([name]) => !isTable(name))),
  },
];

/** A stage's windows, and how far every second block shifts them: not along a side that one window covers. */
function stageWindows(image: readonly [number, number], stride: number, config: SwinConfig) {
  const [tall, wide] = pairOf(config.window_size);
  // As timm counts, an odd grid's last half row is left out here, though it is computed.
  const [rows, columns] = image.map((side) => Math.floor(side / stride)) as [number, number];
  const along = (side: number, most: number) => ({
    size: Math.min(side, most),
    shift: side > most ? most >> 1 : 0,
  });
  const [down, right] = [along(rows, tall), along(columns, wide)];
  return {
    window: { height: down.size, width: right.size },
    shift: { down: down.shift, right: right.shift },
  };
}

/** The stages: what each gives, before any norm. */
function swinStages(m: Scope, image: Tensor, config: SwinConfig): FeatureMap[] {
  const { patch_size: patch, depths, proj_drop_rate } = config;
  const stages = depths.map((_, i) => m.child('layers').child(i));
  const embeds = stages.map((stage, i) =>
    stage.dim('embed', config.embed_dim * 2 ** i, { prunable: false }),
  );
  const p = m.child('patch_embed');
  const resize = resizePatches(patch, config.in_chans);
  const projection = { kernel: patch, stride: patch, padding: 0, resize };
  const grid = conv2d(p.child('proj'), image, config.in_chans, embeds[0]!, projection);
  let x = layerNorm(p.child('norm'), toTokens(grid), embeds[0]!, EPS);
  let width = grid.shape[2]!;
  const rates = dropPathRates(
    config.drop_path_rate,
    depths.reduce((sum, depth) => sum + depth),
  );
  return stages.map((stage, i) => {
    const embed = embeds[i]!;
    if (i > 0) {
      x = patchMerging(stage.child('downsample'), x, { from: embeds[i - 1]!, to: embed, width });
      width = Math.ceil(width / 2);
    }
    const { window, shift } = stageWindows(imageSize(config), patch * 2 ** i, config);
    for (let j = 0; j < depths[i]!; j++) {
      const map = { height: x.shape[1]! / width, width };
      const grid = windows(map, window, j % 2 === 1 ? shift : undefined);
      x = transformerBlock(
        stage.child('blocks').child(j),
        x,
        embed,
        (attn, normed) =>
          windowAttention(attn, normed, embed, { grid, heads: config.num_heads[i]!, config }),
        {
          mlp: { ratio: config.mlp_ratio, drop: proj_drop_rate },
          eps: EPS,
          dropPath: rates.shift()!,
          layout: gridLayout(grid.height, grid.width),
        },
      );
    }
    return { value: toMap(x, width), dim: embed, stride: patch * 2 ** i };
  });
}

/** The Swin Transformer (Liu et al. 2021), as timm builds it. */
export const swin: Architecture<SwinConfig> = {
  name: 'swin',
  module: '@kcr/backbones',
  contract: 1,
  tokens: 'grid',

  configure(partial) {
    const config = withDefaults('swin', defaults, partial, ranges);
    const { depths, num_heads } = config;
    checkLengths('swin', { depths, num_heads });
    checkPatches('swin', config);
    const [tall, wide] = pairOf(config.window_size);
    checkTokens('swin', config, config.patch_size, {
      blocks: depths,
      perBlock: (tall * wide) ** 2,
    });
    const [rows, columns] = imageSize(config).map((side) => side / config.patch_size);
    if (Math.min(rows!, columns!) < 2 ** (depths.length - 1))
      throw wrongConfig(
        'swin',
        `${depths.length} stages that halve a grid of ${rows} x ${columns} tokens to nothing`,
        'Choose larger images, smaller patches or fewer stages (depths, num_heads)',
      );
    if (!config.head_dim)
      num_heads.forEach((heads, i) => {
        checkDivides('swin', `width of stage ${i} by its heads`, config.embed_dim * 2 ** i, heads);
      });
    return config;
  },

  input: imageInput,

  mappings,

  timm: {
    args: Object.keys(defaults),
    cannot(config) {
      if (config.num_classes === 0)
        return 'no classifier, by whose name timm knows its own weights from the official ones';
      const flat = config.depths
        .map((_, i) => stageWindows(imageSize(config), config.patch_size * 2 ** i, config).window)
        .find(({ height, width }) => height !== width);
      // It takes each table for one of square windows, and resizes it.
      return (
        flat && `windows of ${flat.height} x ${flat.width}, and timm loads those of squares alone`
      );
    },
  },

  forward(m, image, config) {
    const featureMaps = swinStages(m, image, config);
    const { value, dim: embed } = featureMaps.at(-1)!;
    const tokens = layerNorm(m.child('norm'), value, embed, EPS);
    const features = m.tap('features', tf.mean(tokens, [1, 2]), embed);
    const head = m.child('head');
    const read = dropout(head.child('drop'), features, config.drop_rate);
    return {
      logits: classifier(head.child('fc'), read, embed, config.num_classes),
      features,
      tokens,
      featureMaps,
    };
  },

  /** Each stage has a norm of its own, as in Swin's dense models. */
  stages: (m, image, config) =>
    swinStages(m, image, config).map(({ value, dim, stride }, i) => ({
      value: layerNorm(m.child(`norm${i}`), value, dim, EPS),
      dim,
      stride,
    })),
};
