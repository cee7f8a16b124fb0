import { join } from 'node:path';
import { createEagerEngine } from '@kcr/core';
import { compress, type PruningInput, prune, type RecipeInput } from '@kcr/pipeline';
import { smallModels } from '../../integration/src/helpers.ts';

const engine = () => createEagerEngine({ backend: 'cpu' });

/** A run that goes on where it was stopped. */
export interface Stage {
  /** What it shows. */
  readonly shows: string;
  /** Runs from the inputs of `writeInputs` into a folder. */
  run(inputs: string, out: string): Promise<unknown>;
}

const training = { batchSize: 8, optimizer: { lr: 1e-3 } };
const trained = { ...training, emaDecay: 0.9, epochs: 2 };

/** A model by its name at the sizes of the tests, or smaller: what counts is how often a run can be disturbed. */
const small = (name: string, of: string, config: object = {}): RecipeInput['model'] => ({
  name,
  config: { ...smallModels[of]!().config, ...config },
});

const mobilevit = small('mobilevit_s', 'mobilevit', {
  img_size: 16,
  stem_chs: 4,
  channels: [4, 6, 8],
  depths: [1, 1, 1],
  num_features: 12,
});
const efficientvit = small('efficientvit_b1', 'efficientvit', { img_size: 16 });
const swin = small('swin_tiny_patch4_window7_224', 'swin', {
  patch_size: 4,
  embed_dim: 8,
  depths: [1, 1],
  num_heads: [1, 2],
  window_size: 2,
});

const masks = (options: object = {}) => ({
  ...training,
  batchSize: 4,
  epochs: 2,
  plugins: [{ use: '@kcr/masks#gumbelMasks', options: { dims: ['io'], lambda: 0.2, ...options } }],
});

const nystrom = (landmarks: number) => ({
  use: '@kcr/nystrom#kcrNystrom',
  options: { eta: 1, gamma: 0.2, landmarks },
});
const classes = { augment: ['horizontalFlip'] as const };

/** DCS: a mask of q and k, channels by the cost of what follows, the bound of the information bottleneck. */
const dcs = (model: RecipeInput['model']): RecipeInput => ({
  name: 'dcs-smallest',
  model,
  adapters: [{ use: '@kcr/masks#qkMask' }],
  data: { augment: [...classes.augment] },
  dense: trained,
  search: masks({ cost: 'following' }),
  retrain: {
    ...trained,
    plugins: [{ use: '@kcr/ib-bound#ibBound', options: { eta: 50, warmup: 0.3 } }],
  },
  distillation: { teacher: 'dense' },
});

const objects = {
  train: { images: 'objects/train/images', labels: 'objects/train/labels' },
  test: { images: 'objects/test/images', labels: 'objects/test/labels' },
  flip: { horizontal: 0.5 },
};

const headed = (name: string, config: object): RecipeInput['model'] => ({
  ...swin,
  head: { name, config: { ...config } },
});

const recipes: Readonly<Record<string, readonly [string, RecipeInput]>> = {
  compress: [
    'KCR of a ViT: dense, search, retrain',
    {
      name: 'kcr-smallest',
      model: {
        name: 'vit_tiny_patch16_224',
        config: {
          img_size: 8,
          patch_size: 4,
          embed_dim: 8,
          depth: 2,
          num_heads: 2,
          num_classes: 4,
        },
      },
      data: { augment: [...classes.augment] },
      dense: trained,
      search: masks(),
      retrain: { ...trained, plugins: [nystrom(8)] },
    },
  ],
  dcs: ['DCS of a MobileViT with a teacher', dcs(mobilevit)],
  'dcs-efficientvit': ['DCS of an EfficientViT', dcs(efficientvit)],
  lfc: [
    'VTC-LFC of a Swin: dense, cascade, fine-tuning with itself as teacher',
    {
      name: 'lfc-smallest',
      model: swin,
      data: { augment: [...classes.augment] },
      dense: trained,
      prune: { method: 'bottom-up-cascade', epsilon: 60, rho: 0, batchSize: 8 },
      retrain: trained,
      distillation: { teacher: 'dense', kind: 'hard', weight: 0.5 },
    },
  ],
  plain: [
    'training of a ViT without search or pruning',
    {
      name: 'plain-smallest',
      model: small('vit_tiny_patch16_224', 'vit'),
      data: { augment: [...classes.augment], mix: { mixup: 0.8 } },
      retrain: { ...trained, epochs: 3 },
    },
  ],
  detect: [
    'Mask R-CNN on a Swin: dense, search, retrain',
    {
      name: 'detect-smallest',
      model: headed('mask_rcnn', {
        num_classes: 1,
        out_channels: 8,
        fc_out_channels: 16,
        anchor_scale: 2,
        rpn_nms_pre: 24,
        rpn_max_per_img: 16,
        rpn_num: 16,
        rcnn_num: 24,
        box_roi_size: 3,
        mask_roi_size: 4,
        max_per_img: 6,
      }),
      data: { ...objects, kind: 'instances', className: 'square' },
      dense: { ...training, batchSize: 2, epochs: 1 },
      search: { ...masks(), batchSize: 1, epochs: 1 },
      retrain: { ...training, batchSize: 2, epochs: 2 },
    },
  ],
  segment: [
    'UperNet on a Swin: dense, search, retrain',
    {
      name: 'segment-smallest',
      model: headed('upernet', {
        num_classes: 2,
        channels: 8,
        pool_scales: [1, 2],
        auxiliary_channels: 4,
      }),
      data: {
        ...objects,
        kind: 'semantic',
        classes: ['background', 'square'],
        instanceIds: true,
      },
      dense: { ...training, batchSize: 2, epochs: 1 },
      search: { ...masks(), batchSize: 1, epochs: 1 },
      retrain: { ...training, batchSize: 2, epochs: 2, plugins: [nystrom(4)] },
    },
  ],
};

const cascade: PruningInput = {
  method: 'bottom-up-cascade',
  epsilon: 60,
  rho: 0.5,
  tokenSelector: { use: '@kcr/lfc#lfe' },
  batchSize: 8,
};

const pruned = (checkpoint: string, shows: string, pruning: PruningInput): Stage => ({
  shows,
  run: (inputs, out) =>
    prune(join(inputs, checkpoint), { data: join(inputs, 'train'), out, pruning, engine }),
});

/** All runs that are disturbed, by name. */
export const stages: ReadonlyMap<string, Stage> = new Map([
  ...Object.entries(recipes).map(([name, [shows, recipe]]): [string, Stage] => [
    name,
    {
      shows,
      run: (inputs, out) => compress(recipe, { data: inputs, out, engine, checkpointEvery: 0 }),
    },
  ]),
  ['cascade', pruned('vit', 'cascade over tokens and channels of a ViT', cascade)],
  ['cascade-lvvit', pruned('lvvit', 'the same of an LV-ViT', cascade)],
  [
    'scores',
    pruned('vit', 'pruning of a ViT by scores, in rounds', {
      method: 'scores',
      allocator: 'uniform',
      budget: 0.6,
      batchSize: 8,
    }),
  ],
]);

/** A stage by name. */
export function stageOf(name: string): Stage {
  const stage = stages.get(name);
  if (!stage) throw new Error(`no stage ${name}: there are ${[...stages.keys()].join(', ')}`);
  return stage;
}
