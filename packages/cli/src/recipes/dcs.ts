import type { RecipeInput } from '../recipe.ts';

/**
 * DCS on ImageNet with the published settings, at 224 px. Lambda, which is not published, is that of KCR's
 * grid. `--teacher` makes the variant with knowledge distillation.
 */
const imagenet = (name: string, model: string, features: number): RecipeInput => {
  const training = {
    batchSize: 512,
    labelSmoothing: 0.1,
    emaDecay: 0.9995,
    optimizer: { lr: 2e-3, minLr: 2e-4, warmupEpochs: 5, weightDecay: 0.01 },
  };
  return {
    name,
    model: { name: model, config: { img_size: 224 } },
    adapters: [{ use: '@kcr/masks#qkMask' }],
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
        {
          use: '@kcr/masks#gumbelMasks',
          options: { dims: ['io'], lambda: 0.2, cost: 'following' },
        },
      ],
    },
    retrain: {
      ...training,
      epochs: 300,
      plugins: [{ use: '@kcr/ib-bound#ibBound', options: { eta: 50, warmup: 0.3 } }],
    },
    complexity: { rank: Math.ceil(0.2 * features), landmarks: 4 * features },
  };
};

export const dcsMobilevitS = imagenet('dcs-mobilevit-s', 'mobilevit_s', 640);
export const dcsMobilevitXs = imagenet('dcs-mobilevit-xs', 'mobilevit_xs', 384);
export const dcsEfficientvitB1 = imagenet('dcs-efficientvit-b1', 'efficientvit_b1', 1600);
