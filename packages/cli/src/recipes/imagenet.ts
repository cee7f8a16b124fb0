import type { RecipeInput, RecipePartInput } from '../recipe.ts';

interface Method {
  adapters?: RecipePartInput[];
  /** Options of the search's masks. */
  masks?: object;
  regulariser: RecipePartInput;
}

/**
 * A method on ImageNet with the published settings of both papers, which share them. Where sources differ or
 * are silent, the values are those named in docs/kcr.md and docs/dcs.md.
 *
 * @param features width of the classifier's input
 */
const imagenet = (
  name: string,
  model: RecipeInput['model'],
  features: number,
  { adapters, masks, regulariser }: Method,
): RecipeInput => {
  const training = {
    batchSize: 512,
    labelSmoothing: 0.1,
    emaDecay: 0.9995,
    optimizer: { lr: 2e-3, minLr: 2e-4, warmupEpochs: 5, weightDecay: 0.01 },
  };
  return {
    name,
    model,
    adapters,
    data: {
      train: 'train',
      test: 'val',
      cropRatio: 0.875,
      resizedCrop: { scale: [0.08, 1] },
      augment: ['horizontalFlip', 'randAugment', 'randomErasing'],
    },
    dense: { ...training, epochs: 300 },
    search: {
      ...training,
      epochs: 200,
      emaDecay: undefined,
      classes: 100,
      optimizer: { lr: 1e-3, minLr: 1e-4, weightDecay: 0.01 },
      architectureShare: 0.3,
      plugins: [
        { use: '@kcr/masks#gumbelMasks', options: { dims: ['io'], lambda: 0.2, ...masks } },
      ],
    },
    retrain: { ...training, epochs: 300, plugins: [regulariser] },
    complexity: { rank: Math.ceil(0.2 * features), landmarks: 4 * features },
  };
};

const kcr = (name: string, model: string, features: number) =>
  imagenet(name, { name: model }, features, {
    regulariser: {
      use: '@kcr/nystrom#kcrNystrom',
      options: { eta: 1, gamma: 0.2, landmarks: 4 * features, warmup: 0.3 },
    },
  });

/** At 224 px, as in the paper's counts. `--teacher` makes the variant with knowledge distillation. */
const dcs = (name: string, model: string, features: number) =>
  imagenet(name, { name: model, config: { img_size: 224 } }, features, {
    adapters: [{ use: '@kcr/masks#qkMask' }],
    masks: { cost: 'following' },
    regulariser: { use: '@kcr/ib-bound#ibBound', options: { eta: 50, warmup: 0.3 } },
  });

/** The recipes for ImageNet. */
export const imagenetRecipes: readonly RecipeInput[] = [
  kcr('kcr-vit-small', 'vit_small_patch16_224', 384),
  kcr('kcr-vit-base', 'vit_base_patch16_224', 768),
  dcs('dcs-mobilevit-s', 'mobilevit_s', 640),
  dcs('dcs-mobilevit-xs', 'mobilevit_xs', 384),
  dcs('dcs-efficientvit-b1', 'efficientvit_b1', 1600),
];
