import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createModel } from '@kcr/backbones';
import { Generator, type Model, type StateDict, writeSafetensors } from '@kcr/core';
import { timmConfig } from '../../../integration/src/timm-config.ts';

const small = { img_size: 32, patch_size: 8, embed_dim: 8, depth: 1, num_heads: 2, num_classes: 2 };
const NAME = 'vit_tiny_patch16_224';

/** Weights that give the same logits whatever the image, by the biases of their heads. */
function constant(model: Model, biases: Readonly<Record<string, readonly number[]>>): StateDict {
  const weights = model.initialize(new Generator(0));
  for (const [head, logits] of Object.entries(biases)) {
    weights[`${head}.weight`]?.data.fill(0);
    weights[`${head}.bias`]?.data.set(logits);
  }
  return weights;
}

/** Probabilities of 0.75 and 0.25. */
const logits = [Math.log(3), 0];
const plain = constant(createModel(NAME, small), { head: logits });
const averaged = constant(createModel(NAME, { ...small, global_pool: 'avg', fc_norm: true }), {
  head: logits,
});
/** Both heads together: logits of log(3) / 2 and 0. */
const distilled = constant(createModel(NAME, { ...small, distilled: true }), {
  head: logits,
  head_dist: [0, 0],
});
/** Weights whose classes are the other way round. */
const swapped = constant(createModel(NAME, small), { head: [0, Math.log(3)] });

const under = (prefix: string, state: StateDict): StateDict =>
  Object.fromEntries(Object.entries(state).map(([name, array]) => [`${prefix}${name}`, array]));

const renamed = (from: string, to: string, state: StateDict): StateDict =>
  Object.fromEntries(Object.entries(state).map(([name, array]) => [name.replace(from, to), array]));

const three = constant(createModel(NAME, { ...small, num_classes: 3 }), { head: [...logits, 0] });

const config = (change: object = {}, options: object = {}) => ({
  ...timmConfig(NAME, { ...small, ...options }, ['cat', 'dog']),
  ...change,
});

const { label_names: _, ...unnamed } = timmConfig(NAME, small, []).pretrained_cfg;

interface Folder {
  /** What config.json has: as JSON, unless it is a text. */
  readonly config: object | string;
  readonly weights?: StateDict;
  readonly index?: Readonly<Record<string, string>>;
}

/** Folders as timm's hub has them, and some that are not so, by name. */
const folders: Readonly<Record<string, Folder>> = {
  plain: { config: config(), weights: plain },
  unnamed: { config: config({ pretrained_cfg: unnamed }), weights: plain },
  'three-unnamed': {
    config: config({ pretrained_cfg: unnamed }, { num_classes: 3 }),
    weights: three,
  },
  'fc-norm': { config: config({ global_pool: 'avg' }, { fc_norm: true }), weights: averaged },
  prefix: { config: config(), weights: under('module.', plain) },
  average: {
    config: config(),
    weights: { ...under('state_dict.', swapped), ...under('state_dict_ema.', plain) },
  },
  'other-head': { config: config(), weights: renamed('head.', 'classifier.', plain) },
  distilled: { config: config({}, { distilled: true }), weights: distilled },
  'other-architecture': {
    config: config({ architecture: 'swin_tiny_patch4_window7_224', model_args: {} }),
    weights: plain,
  },
  resnet: { config: config({ architecture: 'resnet50' }), weights: plain },
  transformers: {
    config: { architectures: ['ViTForImageClassification'], model_type: 'vit', hidden_size: 192 },
    weights: plain,
  },
  'no-json': { config: '<!doctype html><title>404</title>', weights: plain },
  'missing-shard': { config: config(), index: { 'head.weight': 'model-2-of-2.safetensors' } },
  'shard-outside': { config: config(), index: { 'head.weight': '../plain/model.safetensors' } },
};

/** Writes timm folders. */
export async function makeTimm(root: string): Promise<void> {
  for (const [name, { config: said, weights, index }] of Object.entries(folders)) {
    const folder = join(root, name);
    await mkdir(folder, { recursive: true });
    const text = typeof said === 'string' ? said : JSON.stringify(said);
    await writeFile(join(folder, 'config.json'), text);
    if (weights)
      await writeSafetensors(join(folder, 'model.safetensors'), { tensors: weights, metadata: {} });
    if (index)
      await writeFile(
        join(folder, 'model.safetensors.index.json'),
        JSON.stringify({ metadata: {}, weight_map: index }),
      );
  }
}
