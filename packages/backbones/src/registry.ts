import { type Architecture, KcrError, Model, type Normalization } from '@kcr/core';
import { type VitConfig, vit } from './vit.ts';

export interface ModelEntry {
  architecture: Architecture;
  config: object;
  normalization: Normalization;
}

const half: Normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const imagenet: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const vitEntry = (normalization: Normalization, config: Partial<VitConfig>): ModelEntry => ({
  architecture: vit as Architecture,
  config,
  normalization,
});

const tiny = { embed_dim: 192, num_heads: 3 };
const small = { embed_dim: 384, num_heads: 6 };
const base = { embed_dim: 768, num_heads: 12 };

/** Models by timm name. */
export const models: Readonly<Record<string, ModelEntry>> = {
  vit_tiny_patch16_224: vitEntry(half, tiny),
  vit_small_patch16_224: vitEntry(half, small),
  vit_base_patch16_224: vitEntry(half, base),
  deit_tiny_patch16_224: vitEntry(imagenet, tiny),
  deit_small_patch16_224: vitEntry(imagenet, small),
  deit_base_patch16_224: vitEntry(imagenet, base),
};

/** Architectures by name, for saved models. */
export const architectures: Readonly<Record<string, Architecture>> = { vit: vit as Architecture };

/**
 * A model by timm name, its options overridden by `config`.
 *
 * @throws KcrError `MODEL_UNKNOWN`, `MODEL_CONFIG`
 */
export function createModel(name: string, config: object = {}): Model {
  const entry = models[name];
  if (!entry)
    throw new KcrError('MODEL_UNKNOWN', {
      where: `model "${name}"`,
      found: 'no model of that name',
      fix: `Use one of ${Object.keys(models).join(', ')}`,
    });
  const { architecture } = entry;
  return new Model(architecture, architecture.configure({ ...entry.config, ...config }));
}
