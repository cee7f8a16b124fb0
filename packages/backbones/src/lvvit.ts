import {
  type Architecture,
  attention,
  batchNorm,
  classifier,
  conv2d,
  type Dim,
  KcrError,
  layerNorm,
  type OptionRanges,
  resizeInputChannels,
  type Scope,
  type Tensor,
  tf,
  transformerBlock,
  widthOption,
  withDefaults,
} from '@kcr/core';
import {
  checkDivides,
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
  patchTokens,
} from './tokens.ts';

/** The arguments of `LV_ViT` in the TokenLabeling code. */
export interface LvVitConfig extends TransformerConfig {
  /** Width of the convolutions before the patch embedding. */
  stem_dim: number;
  /** Residual branches are divided by this. */
  skip_lam: number;
}

const defaults: LvVitConfig = {
  img_size: 224,
  patch_size: 16,
  in_chans: 3,
  num_classes: 1000,
  embed_dim: 384,
  depth: 16,
  num_heads: 6,
  mlp_ratio: 3,
  qkv_bias: false,
  stem_dim: 64,
  skip_lam: 2,
  drop_path_rate: 0,
};

const ranges: OptionRanges<LvVitConfig> = {
  ...transformerRanges,
  stem_dim: widthOption,
  skip_lam: { min: 1 / 64, max: 64 },
};

const EPS = 1e-5;

/** Three convolutions at half the resolution, then the patches. Dims `stem1` to `stem3`. */
function patchEmbed(m: Scope, image: Tensor, embed: Dim, config: LvVitConfig): Tensor {
  let x = image;
  let input: Dim | number = config.in_chans;
  for (const i of [1, 2, 3]) {
    const channels: Dim = m.dim(`stem${i}`, config.stem_dim);
    const options = {
      kernel: i === 1 ? 7 : 3,
      stride: i === 1 ? 2 : 1,
      bias: false,
      resize: i === 1 ? resizeInputChannels(config.in_chans) : undefined,
    };
    const y = conv2d(m.child(`conv${i}`), x, input, channels, options);
    x = m.tap(`stem${i}`, tf.relu(batchNorm(m.child(`bn${i}`), y, channels)), channels);
    input = channels;
  }
  const half = config.patch_size / 2;
  return conv2d(m.child('proj'), x, input, embed, { kernel: half, stride: half, padding: 0 });
}

/** The blocks and the final norm: all tokens, and the map of the patches. */
function lvvitTokens(m: Scope, image: Tensor, config: LvVitConfig) {
  const embed = m.dim('embed', config.embed_dim, { prunable: false });
  const grid = patchEmbed(m.child('patch_embed'), image, embed, config);
  let x = embedPositions(m, grid, embed, { stride: config.patch_size });
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
          layout,
        }),
      {
        mlp: { ratio: config.mlp_ratio },
        eps: EPS,
        dropPath,
        branchScale: 1 / config.skip_lam,
        layout,
      },
    );
  });
  const tokens = layerNorm(m.child('norm'), x, embed, EPS);
  return { tokens, embed, featureMaps: patchMaps(tokens, embed, whole, config.patch_size) };
}

/**
 * LV-ViT (Jiang et al. 2021): a convolutional stem, scaled residual branches, and a second head on the
 * patches, whose best score per class counts half.
 */
export const lvvit: Architecture<LvVitConfig> = {
  name: 'lvvit',
  module: '@kcr/backbones',
  contract: 1,
  tokens: 'set',

  configure(partial) {
    const config = withDefaults('lvvit', defaults, partial, ranges);
    checkTransformer('lvvit', config);
    checkDivides('lvvit', 'patch_size by the stem stride', config.patch_size, 2);
    return config;
  },

  input: imageInput,

  forward(m, image, config) {
    const { tokens, embed, featureMaps } = lvvitTokens(m, image, config);
    const features = m.tap('features', classToken(tokens), embed);
    const patches = patchTokens(tokens);
    if (patches.shape[1] === 0)
      throw new KcrError('TOKENS_NONE', {
        where: 'lvvit, aux_head',
        found: 'no image token is left, of which the second head takes the best',
        fix: 'Keep at least one image token in every block',
      });
    const aux = classifier(m.child('aux_head'), patches, embed, config.num_classes);
    const own = classifier(m.child('head'), features, embed, config.num_classes);
    const logits = config.num_classes > 0 ? tf.add(own, tf.mul(tf.max(aux, 1), 0.5)) : own;
    return { logits, features, tokens, featureMaps };
  },

  stages: (m, image, config) => lvvitTokens(m, image, config).featureMaps,
};
