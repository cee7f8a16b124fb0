import { efficientvit, lvvit, mobilevit, swin, vit } from '@kcr/backbones';
import { type Architecture, Model } from '@kcr/core';

const small =
  <C extends object>(architecture: Architecture<C>, config: Partial<C>) =>
  () =>
    new Model(architecture, architecture.configure(config));

/**
 * A small model of every family of `@kcr/backbones`: extensions are tried on them. They are as small as they can be while they
 * still have what makes extensions go wrong: heads, windows that reach over the border, odd maps, drop path, batch norms.
 */
export const smallModels = {
  vit: small(vit, {
    img_size: 8,
    patch_size: 4,
    embed_dim: 12,
    depth: 2,
    num_heads: 3,
    num_classes: 4,
    drop_path_rate: 0.2,
  }),
  lvvit: small(lvvit, {
    img_size: 16,
    patch_size: 8,
    embed_dim: 12,
    depth: 2,
    num_heads: 3,
    stem_dim: 8,
    num_classes: 4,
    drop_path_rate: 0.2,
  }),
  // Windows of 3 on a grid of 8 reach over the border.
  swin: small(swin, {
    img_size: 16,
    patch_size: 2,
    embed_dim: 12,
    depths: [2, 1],
    num_heads: [2, 4],
    window_size: 3,
    num_classes: 4,
    drop_rate: 0.1,
  }),
  // Its last map is odd, so that the patches need an interpolation.
  mobilevit: small(mobilevit, {
    img_size: 24,
    stem_chs: 8,
    channels: [8, 12, 16],
    depths: [1, 2, 1],
    bottle_ratio: 2,
    transformer_dims: [0, 0, 8],
    transformer_depths: [0, 0, 1],
    num_heads: 2,
    num_features: 20,
    num_classes: 4,
    drop_path_rate: 0.2,
  }),
  // Its last stage alone attends: to 2 x 2 tokens, in a plain branch and two aggregated ones.
  efficientvit: small(efficientvit, {
    img_size: 32,
    widths: [4, 6, 8, 12],
    depths: [1, 2, 1, 1],
    head_dim: 6,
    expand_ratio: 2,
    scales: [3, 5],
    head_widths: [16, 20],
    num_classes: 4,
  }),
} as const satisfies Readonly<Record<string, () => Model>>;

/** The name of one of {@link smallModels}. */
export type SmallModel = keyof typeof smallModels;
