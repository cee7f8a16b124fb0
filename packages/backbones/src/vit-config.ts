import { type OptionRanges, shareOption, wholeFrom, withDefaults, wrongConfig } from '@kcr/core';
import { checkTransformer, type TransformerConfig, transformerRanges } from './config.ts';

/** timm's `VisionTransformer` arguments, and `distilled` for its `VisionTransformerDistilled`. */
export interface VitConfig extends TransformerConfig {
  /** What the classifier reads: the class token, or the mean over the patches. */
  global_pool: 'token' | 'avg';
  class_token: boolean;
  /** Register tokens, behind the class token. */
  reg_tokens: number;
  /** Whether the class token and others have no position. */
  no_embed_class: boolean;
  /** A norm before the blocks, in place of the patch embedding's bias. */
  pre_norm: boolean;
  /** Whether the last norm is behind the pooling; null: where it is the mean. */
  fc_norm: boolean | null;
  /** First value of the blocks' LayerScale; null: none. */
  init_values: number | null;
  /** A distillation token with a head of its own (DeiT); logits are the mean of both heads'. */
  distilled: boolean;
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
  global_pool: 'token',
  embed_dim: 768,
  depth: 12,
  num_heads: 12,
  mlp_ratio: 4,
  qkv_bias: true,
  class_token: true,
  reg_tokens: 0,
  no_embed_class: false,
  pre_norm: false,
  fc_norm: null,
  init_values: null,
  distilled: false,
  drop_rate: 0,
  pos_drop_rate: 0,
  proj_drop_rate: 0,
  attn_drop_rate: 0,
  drop_path_rate: 0,
};

/** All but what makes it a model of another name. */
export const vitTimmArguments = Object.keys(defaults).filter((key) => key !== 'distilled');

const ranges: OptionRanges<VitConfig> = {
  ...transformerRanges,
  global_pool: { oneOf: ['token', 'avg'] },
  reg_tokens: wholeFrom(0, 64),
  fc_norm: { oneOf: [null, true, false] },
  init_values: { min: 0, max: 1 },
  drop_rate: shareOption,
  pos_drop_rate: shareOption,
  proj_drop_rate: shareOption,
  attn_drop_rate: shareOption,
};

/** @throws KcrError `MODEL_CONFIG` for options that exclude each other */
function checkTokenOptions({ global_pool, class_token, distilled, fc_norm }: VitConfig): void {
  const refuse = (found: string, fix: string) => {
    throw wrongConfig('vit', found, fix);
  };
  if (!class_token && global_pool === 'token')
    refuse('no class token (class_token) to read (global_pool)', "Give global_pool: 'avg'");
  if (distilled && (global_pool !== 'token' || !class_token || fc_norm))
    refuse(
      'a distilled model (distilled) without its class token, or pooled',
      'Leave out global_pool, class_token and fc_norm, or distilled',
    );
}

/** @throws KcrError `MODEL_CONFIG` */
export function configureVit(partial: Partial<VitConfig>): VitConfig {
  const config = withDefaults('vit', defaults, partial, ranges);
  checkTransformer('vit', config);
  checkTokenOptions(config);
  return config;
}
