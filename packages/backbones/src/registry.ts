import { type Architecture, KcrError, Model, type Normalization } from '@kcr/core';
import { didYouMean } from '@kcr/core/internal';
import { efficientvit } from './efficientvit.ts';
import { lvvit } from './lvvit.ts';
import { mobilevit, mobilevitVariants } from './mobilevit.ts';
import { swin } from './swin.ts';
import { vit } from './vit.ts';

export interface ModelEntry {
  architecture: Architecture;
  config: object;
  normalization: Normalization;
  /** Share of the resized image's sides that published weights are shown, as timm says. Default 1. */
  cropRatio?: number;
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
  <C extends object>(
    architecture: Architecture<C>,
    normalization: Normalization,
    cropRatio = 0.9,
  ) =>
  (config: Partial<C>, own = cropRatio): ModelEntry => ({
    architecture,
    config,
    normalization,
    cropRatio: own,
  });
const vitOf = entry(vit, half);
const deitOf = entry(vit, imagenet);
const swinOf = entry(swin, imagenet);
const efficientvitOf = entry(efficientvit, imagenet, 0.95);

const widths = {
  tiny: { embed_dim: 192, num_heads: 3 },
  small: { embed_dim: 384, num_heads: 6 },
  medium: { embed_dim: 512, num_heads: 8 },
  base: { embed_dim: 768, num_heads: 12 },
};

/** The same for images of 384 pixels, of which all is shown. */
const at384 = (make: (config: object, cropRatio?: number) => ModelEntry, config: object) =>
  make({ ...config, img_size: 384 }, 1);

/** ViTs by timm name, of the sizes that DeiT has. */
function vits(): Record<string, ModelEntry> {
  const found: Record<string, ModelEntry> = {};
  for (const size of ['tiny', 'small', 'base'] as const) {
    const { [size]: width } = widths;
    found[`vit_${size}_patch16_224`] = vitOf(width);
    found[`vit_${size}_patch16_384`] = at384(vitOf, width);
    found[`deit_${size}_patch16_224`] = deitOf(width);
    found[`deit_${size}_distilled_patch16_224`] = deitOf({ ...width, distilled: true });
    if (size === 'tiny') continue;
    found[`vit_${size}_patch32_224`] = vitOf({ ...width, patch_size: 32 });
    found[`vit_${size}_patch32_384`] = at384(vitOf, { ...width, patch_size: 32 });
  }
  found.deit_base_patch16_384 = at384(deitOf, widths.base);
  found.deit_base_distilled_patch16_384 = at384(deitOf, { ...widths.base, distilled: true });
  for (const size of ['small', 'medium', 'base'] as const) {
    const config = { ...widths[size], no_embed_class: true, init_values: 1e-6 };
    found[`deit3_${size}_patch16_224`] = deitOf(config);
    if (size !== 'medium') found[`deit3_${size}_patch16_384`] = at384(deitOf, config);
  }
  return found;
}

const swinSmall = { depths: [2, 2, 18, 2] };
const swinBase = { ...swinSmall, embed_dim: 128, num_heads: [4, 8, 16, 32] };

/** Models by timm name. */
export const models: Readonly<Record<string, ModelEntry>> = {
  ...vits(),
  lvvit_s: entry(lvvit, imagenet)({}),
  swin_tiny_patch4_window7_224: swinOf({}),
  swin_small_patch4_window7_224: swinOf(swinSmall),
  swin_base_patch4_window7_224: swinOf(swinBase),
  swin_base_patch4_window12_384: at384(swinOf, { ...swinBase, window_size: 12 }),
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
  efficientvit_b2: efficientvitOf({
    widths: [24, 48, 96, 192, 384],
    depths: [1, 3, 4, 4, 6],
    head_dim: 32,
    head_widths: [2304, 2560],
  }),
  efficientvit_b3: efficientvitOf({
    widths: [32, 64, 128, 256, 512],
    depths: [1, 4, 6, 6, 9],
    head_dim: 32,
    head_widths: [2304, 2560],
  }),
};

/** The tags of the weights that timm takes by default (1.0.29), by the beginning of a model's name; the longest counts. */
const PUBLISHED: Readonly<Record<string, string>> = {
  deit: 'fb_in1k',
  efficientvit_: 'r224_in1k',
  mobilevit_: 'cvnets_in1k',
  swin_: 'ms_in22k_ft_in1k',
  swin_tiny_: 'ms_in1k',
  vit_: 'augreg_in21k_ft_in1k',
  vit_base_patch16_224: 'augreg2_in21k_ft_in1k',
};

/** The tag of a model's published weights, by its name without one; none where timm has no weights. */
export function publishedTag(name: string): string | undefined {
  const fitting = Object.keys(PUBLISHED).filter((start) => name.startsWith(start));
  return PUBLISHED[fitting.sort((a, b) => b.length - a.length)[0] ?? ''];
}

/** What timm's tags, which say how weights were trained, change of how they are shown images. */
const TAGS: Readonly<
  Record<string, Partial<Pick<ModelEntry, 'normalization' | 'cropRatio' | 'config'>>>
> = {
  dino: { normalization: imagenet },
  mae: { normalization: imagenet },
  fb_in22k_ft_in1k: { cropRatio: 1 },
  r256_in1k: { cropRatio: 1, config: { img_size: 256 } },
  r288_in1k: { cropRatio: 1, config: { img_size: 288 } },
};

/**
 * The entry of a timm name, whose tag (`vit_small_patch16_224.augreg_in1k`) says how weights were trained.
 *
 * @throws KcrError `MODEL_UNKNOWN`
 */
export function modelEntry(name: string): ModelEntry {
  const [plain = '', tag = ''] = name.split('.', 2);
  const entry = Object.hasOwn(models, plain) ? models[plain] : undefined;
  if (!entry) throw unknownModel(name);
  const changed = Object.hasOwn(TAGS, tag) ? TAGS[tag] : {};
  return { ...entry, ...changed, config: { ...entry.config, ...changed?.config } };
}

/** A name that is none, with those that are most like it. */
function unknownModel(name: string): KcrError {
  const family = name.slice(0, name.indexOf('_') + 1);
  const alike = Object.keys(models).filter((other) => family && other.startsWith(family));
  return new KcrError('MODEL_UNKNOWN', {
    where: `model "${name}"`,
    found: 'no model of that name',
    fix: didYouMean(name, alike.length > 0 ? alike : Object.keys(models), 'Use one of'),
  });
}

/**
 * A model by timm name, with a tag or without, its options overridden by `config`.
 *
 * @throws KcrError `MODEL_UNKNOWN`, `MODEL_CONFIG`
 */
export function createModel(name: string, config: object = {}): Model {
  const { architecture, config: own } = modelEntry(name);
  return new Model(architecture, architecture.configure({ ...own, ...config }));
}
