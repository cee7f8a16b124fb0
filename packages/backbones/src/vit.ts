import {
  type Architecture,
  attention,
  classifier,
  conv2d,
  type Dim,
  dropout,
  KcrError,
  layerNorm,
  normal,
  resizePatches,
  type Scope,
  type Tensor,
  tf,
  transformerBlock,
  truncatedNormal,
} from '@kcr/core';
import { dropPathRates, imageInput } from './config.ts';
import {
  CLASS_TOKEN,
  classToken,
  embedPositions,
  layoutOf,
  type PrefixTokens,
  patchLayout,
  patchMaps,
  patchTokens,
  prefixCount,
} from './tokens.ts';
import { configureVit, type VitConfig, vitTimmArguments } from './vit-config.ts';
import { vitMappings, vitOptionsOf } from './vit-files.ts';

/** Whether the last norm is behind the pooling. */
const normsPooled = ({ fc_norm, global_pool }: VitConfig) => fc_norm ?? global_pool === 'avg';

const prefixOf = ({ class_token, reg_tokens, distilled }: VitConfig): PrefixTokens[] => [
  ...(class_token ? [CLASS_TOKEN] : []),
  ...(distilled ? [{ name: 'dist_token', count: 1, init: truncatedNormal(0.02) }] : []),
  ...(reg_tokens > 0 ? [{ name: 'reg_token', count: reg_tokens, init: normal(1e-6) }] : []),
];

/** The patches with their positions, behind the class token and others. */
function embedded(m: Scope, image: Tensor, embed: Dim, config: VitConfig) {
  const { patch_size: patch, in_chans, pre_norm } = config;
  const grid = conv2d(m.child('patch_embed').child('proj'), image, in_chans, embed, {
    kernel: patch,
    stride: patch,
    padding: 0,
    bias: !pre_norm,
    resize: resizePatches(patch, in_chans),
  });
  const prefix = prefixOf(config);
  const positions = { prefix, prefixPositions: !config.no_embed_class, stride: patch };
  const placed = embedPositions(m, grid, embed, positions);
  const x = dropout(m.child('pos_drop'), placed, config.pos_drop_rate);
  return {
    x: pre_norm ? layerNorm(m.child('norm_pre'), x, embed) : x,
    whole: patchLayout(grid, prefixCount(prefix)),
  };
}

/** The blocks and the final norm, if it is before the pooling: all tokens, and the map of the patches. */
function vitTokens(m: Scope, image: Tensor, config: VitConfig) {
  const { patch_size: patch, proj_drop_rate } = config;
  const embed = m.dim('embed', config.embed_dim, { prunable: false });
  const { x: first, whole } = embedded(m, image, embed, config);
  let x = first;
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
      {
        mlp: { ratio: config.mlp_ratio, drop: proj_drop_rate },
        dropPath,
        // As in timm, 0 is none.
        layerScale: config.init_values || undefined,
        layout,
      },
    );
  });
  const tokens = normsPooled(config) ? x : layerNorm(m.child('norm'), x, embed);
  return { tokens, embed, featureMaps: patchMaps(tokens, embed, whole, patch) };
}

/** What the classifier reads of the tokens, before its norm. [batch, embed] */
function pooled(tokens: Tensor, config: VitConfig): Tensor {
  if (config.distilled) return tf.mul(tf.add(classToken(tokens), classToken(tokens, 1)), 0.5);
  if (config.global_pool === 'token') return classToken(tokens);
  const patches = patchTokens(tokens, prefixCount(prefixOf(config)));
  if (patches.shape[1] === 0)
    throw new KcrError('TOKENS_NONE', {
      where: 'vit, global_pool',
      found: 'no image token is left, of which the classifier reads the mean',
      fix: 'Keep at least one image token in every block',
    });
  return tf.mean(patches, 1);
}

/** A distilled DeiT's logits: the mean of the two heads', each of its own token. */
function distilledLogits(m: Scope, tokens: Tensor, embed: Dim, config: VitConfig): Tensor {
  const [own, taught] = ['head', 'head_dist'].map((name, i) =>
    classifier(m.child(name), classToken(tokens, i), embed, config.num_classes),
  ) as [Tensor, Tensor];
  return tf.mul(tf.add(own, taught), 0.5);
}

/** The Vision Transformer (Dosovitskiy et al. 2021), DeiT (Touvron et al. 2021) and DeiT III (2022), as timm builds them. */
export const vit: Architecture<VitConfig> = {
  name: 'vit',
  module: '@kcr/backbones',
  contract: 1,
  tokens: 'set',

  configure: configureVit,

  input: imageInput,

  mappings: vitMappings,

  optionsOf: vitOptionsOf,

  timm: { args: vitTimmArguments },

  forward(m, image, config) {
    const { tokens, embed, featureMaps } = vitTokens(m, image, config);
    const mean = pooled(tokens, config);
    const normed = normsPooled(config) ? layerNorm(m.child('fc_norm'), mean, embed) : mean;
    const features = m.tap('features', normed, embed);
    if (config.distilled)
      return { logits: distilledLogits(m, tokens, embed, config), features, tokens, featureMaps };
    const read = dropout(m.child('head_drop'), features, config.drop_rate);
    const logits = classifier(m.child('head'), read, embed, config.num_classes);
    return { logits, features, tokens, featureMaps };
  },

  stages: (m, image, config) => vitTokens(m, image, config).featureMaps,
};
