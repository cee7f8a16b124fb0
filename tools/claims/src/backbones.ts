const common = { img_size: 32 };

/** The models of the experiments: small ones of the papers' families, for images of 32 pixels, MobileViT's of 64. */
export const backbones = {
  vit: {
    name: 'vit_tiny_patch16_224',
    config: { ...common, patch_size: 8, embed_dim: 96, depth: 4, num_heads: 3 },
  },
  /** Four times as many tokens: 64, for experiments that take tokens out. */
  vitTokens: {
    name: 'vit_tiny_patch16_224',
    config: { ...common, patch_size: 4, embed_dim: 96, depth: 4, num_heads: 3 },
  },
  swin: {
    name: 'swin_tiny_patch4_window7_224',
    config: {
      ...common,
      patch_size: 2,
      window_size: 4,
      embed_dim: 32,
      depths: [2, 2, 2],
      num_heads: [2, 4, 8],
    },
  },
  mobilevit: {
    name: 'mobilevit_xxs',
    config: {
      img_size: 64,
      channels: [16, 32, 48, 64],
      depths: [1, 1, 1, 1],
      transformer_dims: [0, 0, 80, 96],
      transformer_depths: [0, 0, 2, 3],
      num_features: 192,
    },
  },
} as const;

export type Backbone = keyof typeof backbones;
