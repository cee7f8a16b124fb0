import { type Architecture, KcrError, Model, type Normalization } from '@kcr/core';
import { efficientvit } from './efficientvit.ts';
import { lvvit } from './lvvit.ts';
import { mobilevit, mobilevitVariants } from './mobilevit.ts';
import { swin } from './swin.ts';
import { vit } from './vit.ts';

export interface ModelEntry {
  architecture: Architecture;
  config: object;
  normalization: Normalization;
}

const half: Normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const imagenet: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const zeroOne: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };

/** Architectures by name, for saved models. */
export const architectures: Readonly<Record<string, Architecture>> = {
  vit,
  lvvit,
  swin,
  mobilevit,
  efficientvit,
};

const entry =
  <C extends object>(architecture: Architecture<C>, normalization: Normalization) =>
  (config: Partial<C>): ModelEntry => ({
    architecture,
    config,
    normalization,
  });
const vitOf = entry(vit, half);
const deitOf = entry(vit, imagenet);
const swinOf = entry(swin, imagenet);
const efficientvitOf = entry(efficientvit, imagenet);

const tiny = { embed_dim: 192, num_heads: 3 };
const small = { embed_dim: 384, num_heads: 6 };
const base = { embed_dim: 768, num_heads: 12 };

/** Models by timm name. */
export const models: Readonly<Record<string, ModelEntry>> = {
  vit_tiny_patch16_224: vitOf(tiny),
  vit_small_patch16_224: vitOf(small),
  vit_base_patch16_224: vitOf(base),
  deit_tiny_patch16_224: deitOf(tiny),
  deit_small_patch16_224: deitOf(small),
  deit_base_patch16_224: deitOf(base),
  lvvit_s: entry(lvvit, imagenet)({}),
  swin_tiny_patch4_window7_224: swinOf({}),
  swin_base_patch4_window7_224: swinOf({
    embed_dim: 128,
    depths: [2, 2, 18, 2],
    num_heads: [4, 8, 16, 32],
  }),
  ...Object.fromEntries(
    Object.entries(mobilevitVariants).map(([name, sizes]) => [
      name,
      entry(mobilevit, zeroOne)(sizes),
    ]),
  ),
  efficientvit_b0: efficientvitOf({
    widths: [8, 16, 32, 64, 128],
    depths: [1, 2, 2, 2, 2],
    head_widths: [1024, 1280],
  }),
  efficientvit_b1: efficientvitOf({}),
};

/**
 * A model by timm name, its options overridden by `config`.
 *
 * @throws KcrError `MODEL_UNKNOWN`, `MODEL_CONFIG`
 */
export function createModel(name: string, config: object = {}): Model {
  const entry = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!entry)
    throw new KcrError('MODEL_UNKNOWN', {
      where: `model "${name}"`,
      found: 'no model of that name',
      fix: `Use one of ${Object.keys(models).join(', ')}`,
    });
  const { architecture } = entry;
  return new Model(architecture, architecture.configure({ ...entry.config, ...config }));
}
