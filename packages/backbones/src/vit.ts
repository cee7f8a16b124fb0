import {
  type Architecture,
  attention,
  conv2d,
  dropout,
  gatherAxis,
  layerNorm,
  linear,
  type OptionRanges,
  type Scope,
  type StateDict,
  shareOption,
  type Tensor,
  transformerBlock,
  withDefaults,
} from '@kcr/core';
import {
  checkTransformer,
  dropPathRates,
  imageInput,
  type TransformerConfig,
  transformerRanges,
} from './config.ts';
import {
  classToken,
  embedPositions,
  layoutOf,
  patchLayout,
  patchMaps,
  toTokens,
} from './tokens.ts';

/** timm's `VisionTransformer` arguments. */
export interface VitConfig extends TransformerConfig {
  /** Dropout before the classifier. */
  drop_rate: number;
  /** Dropout after the position embedding. */
  pos_drop_rate: number;
  /** Dropout after the attention's and the MLP's layers. */
  proj_drop_rate: number;
  /** Dropout on the attention weights. */
  attn_drop_rate: number;
}

const defaults: VitConfig = {
  img_size: 224,
  patch_size: 16,
  in_chans: 3,
  num_classes: 1000,
  embed_dim: 768,
  depth: 12,
  num_heads: 12,
  mlp_ratio: 4,
  qkv_bias: true,
  drop_rate: 0,
  pos_drop_rate: 0,
  proj_drop_rate: 0,
  attn_drop_rate: 0,
  drop_path_rate: 0,
};

const ranges: OptionRanges<VitConfig> = {
  ...transformerRanges,
  drop_rate: shareOption,
  pos_drop_rate: shareOption,
  proj_drop_rate: shareOption,
  attn_drop_rate: shareOption,
};

/** A distilled DeiT's weights without its distillation token and head: position 1 of `pos_embed` goes too. */
function withoutDistillation(state: StateDict): StateDict {
  const { dist_token: _, 'head_dist.weight': __, 'head_dist.bias': ___, ...rest } = state;
  const positions = Array.from({ length: rest.pos_embed!.shape[1]! }, (____, i) => i);
  const kept = positions.filter((position) => position !== 1);
  return { ...rest, pos_embed: gatherAxis(rest.pos_embed!, 1, kept) };
}

/** The blocks and the final norm: all tokens, and the map of the patches. */
function vitTokens(m: Scope, image: Tensor, config: VitConfig) {
  const { patch_size: patch, proj_drop_rate } = config;
  const embed = m.dim('embed', config.embed_dim, { prunable: false });
  const projection = { kernel: patch, stride: patch, padding: 0 };
  const grid = conv2d(
    m.child('patch_embed').child('proj'),
    image,
    config.in_chans,
    embed,
    projection,
  );
  let x = dropout(
    m.child('pos_drop'),
    embedPositions(m, toTokens(grid), embed),
    config.pos_drop_rate,
  );
  const whole = patchLayout(grid);
  dropPathRates(config.drop_path_rate, config.depth).forEach((dropPath, i) => {
    const layout = layoutOf(x, whole);
    x = transformerBlock(
      m.child('blocks').child(i),
      x,
      embed,
      (attn, normed) =>
        attention(attn, normed, embed, {
          heads: config.num_heads,
          qkvBias: config.qkv_bias,
          attnDrop: config.attn_drop_rate,
          projDrop: proj_drop_rate,
          layout,
        }),
      { mlp: { ratio: config.mlp_ratio, drop: proj_drop_rate }, dropPath, layout },
    );
  });
  const tokens = layerNorm(m.child('norm'), x, embed);
  return { tokens, embed, featureMaps: patchMaps(tokens, embed, whole, patch) };
}

/** The Vision Transformer (Dosovitskiy et al. 2021) and DeiT (Touvron et al. 2021), as timm builds them. */
export const vit: Architecture<VitConfig> = {
  name: 'vit',
  module: '@kcr/backbones',
  tokens: 'set',

  configure(partial) {
    const config = withDefaults('vit', defaults, partial, ranges);
    checkTransformer('vit', config);
    return config;
  },

  input: imageInput,

  mappings: [
    { name: 'distilled DeiT', fits: (state) => 'dist_token' in state, map: withoutDistillation },
  ],

  forward(m, image, config) {
    const { tokens, embed, featureMaps } = vitTokens(m, image, config);
    const features = m.tap('features', classToken(tokens), embed);
    const read = dropout(m.child('head_drop'), features, config.drop_rate);
    return {
      logits: linear(m.child('head'), read, embed, config.num_classes),
      features,
      tokens,
      featureMaps,
    };
  },

  stages: (m, image, config) => vitTokens(m, image, config).featureMaps,
};
