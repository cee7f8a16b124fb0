import {
  type Architecture,
  affine,
  attention,
  type Dim,
  dropPath,
  fanInUniform,
  KcrError,
  layerNorm,
  linear,
  mlp,
  normal,
  type Scope,
  type Tensor,
  tf,
  truncatedNormal,
} from '@kcr/core';

/** timm's `VisionTransformer` arguments. */
export interface VitConfig {
  img_size: number;
  patch_size: number;
  in_chans: number;
  num_classes: number;
  embed_dim: number;
  depth: number;
  num_heads: number;
  mlp_ratio: number;
  qkv_bias: boolean;
  /** Largest drop path rate; block i of n has i / (n - 1) of it. */
  drop_path_rate: number;
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
  drop_path_rate: 0,
};

/**
 * Cuts an image into patches and embeds each: the convolution `proj` with stride = kernel, computed as
 * one matrix product. [batch, height, width, channels] -> [batch, patches, embed]
 */
function patchEmbed(m: Scope, image: Tensor, embed: Dim, size: number): Tensor {
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const [rows, columns] = [height / size, width / size];
  const fanIn = fanInUniform(channels * size * size);
  const p = m.child('proj');
  const weight = p.param('weight', [embed, channels, size, size], fanIn);
  const bias = p.param('bias', [embed], fanIn);
  // Rank 4 transposes only: [b*rows, size, columns, size*channels], then patches together.
  const strips = tf.reshape(image, [batch * rows, size, columns, size * channels]);
  const patches = tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [-1, size * size * channels]);
  const kernel = tf.reshape(tf.transpose(weight, [0, 2, 3, 1]), [embed.size, -1]);
  p.cost({
    kind: 'linear',
    positions: rows * columns,
    in: channels,
    out: embed,
    kernel: size * size,
  });
  return tf.reshape(affine(patches, kernel, bias), [batch, rows * columns, embed.size]);
}

/** Puts the class token first and adds the position embedding, without tiling either. */
function embedPositions(m: Scope, patches: Tensor, embed: Dim): Tensor {
  const tokens = patches.shape[1]! + 1;
  const cls = m.param('cls_token', [1, 1, embed], normal(1e-6), { decay: false });
  const pos = m.param('pos_embed', [1, tokens, embed], truncatedNormal(0.02), { decay: false });
  const padding: [number, number][] = [
    [0, 0],
    [1, 0],
    [0, 0],
  ];
  const first = tf.pad(cls, [
    [0, 0],
    [0, tokens - 1],
    [0, 0],
  ]);
  return tf.add(tf.pad(patches, padding), tf.add(pos, first));
}

function block(m: Scope, x: Tensor, embed: Dim, config: VitConfig, dropRate: number): Tensor {
  const attend = attention(m.child('attn'), layerNorm(m.child('norm1'), x, embed), embed, {
    heads: config.num_heads,
    qkvBias: config.qkv_bias,
  });
  const mixed = m.tap(
    'tokens',
    tf.add(x, dropPath(m.child('drop_path1'), attend, dropRate)),
    embed,
  );
  const fed = mlp(
    m.child('mlp'),
    layerNorm(m.child('norm2'), mixed, embed),
    embed,
    config.mlp_ratio,
  );
  return tf.add(mixed, dropPath(m.child('drop_path2'), fed, dropRate));
}

/** The Vision Transformer (Dosovitskiy et al. 2021) and DeiT (Touvron et al. 2021), as timm builds them. */
export const vit: Architecture<VitConfig> = {
  name: 'vit',
  module: '@kcr/backbones',
  tokens: 'set',

  configure(partial) {
    const config = { ...defaults, ...partial };
    const wrong = (found: string, fix: string) =>
      new KcrError('MODEL_CONFIG', { where: 'vit', found, fix });
    const unknown = Object.keys(partial).filter((key) => !(key in defaults));
    if (unknown.length > 0)
      throw wrong(
        `unknown option ${unknown.join(', ')}`,
        `Use ${Object.keys(defaults).join(', ')}`,
      );
    if (config.img_size % config.patch_size !== 0)
      throw wrong(
        `img_size ${config.img_size} with patch_size ${config.patch_size}`,
        'Choose a patch size that divides the image size',
      );
    if (config.embed_dim % config.num_heads !== 0)
      throw wrong(
        `embed_dim ${config.embed_dim} with ${config.num_heads} heads`,
        'Choose a number of heads that divides embed_dim',
      );
    return config;
  },

  input: ({ img_size, in_chans, num_classes }) => ({
    shape: [img_size, img_size, in_chans],
    classes: num_classes,
  }),

  forward(m, image, config) {
    const embed = m.dim('embed', config.embed_dim, { prunable: false });
    const patches = patchEmbed(m.child('patch_embed'), image, embed, config.patch_size);
    let x = embedPositions(m, patches, embed);
    for (let i = 0; i < config.depth; i++) {
      const rate = (config.drop_path_rate * i) / Math.max(config.depth - 1, 1);
      x = block(m.child('blocks').child(i), x, embed, config, rate);
    }
    const tokens = layerNorm(m.child('norm'), x, embed);
    const first = tf.slice(tokens, [0, 0, 0], [-1, 1, -1]);
    const features = m.tap('features', tf.reshape(first, [-1, embed.size]), embed);
    return {
      logits: linear(m.child('head'), features, embed, config.num_classes),
      features,
      tokens,
    };
  },
};
