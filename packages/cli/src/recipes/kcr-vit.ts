import type { RecipeInput } from '../recipe.ts';

/**
 * KCR on ImageNet with the published settings. Where sources differ or are silent, the values are those
 * named in docs/kcr.md: eta, gamma, landmarks and lambda come from the published grids.
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
    model: { name: model },
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
      plugins: [{ use: '@kcr/masks#gumbelMasks', options: { dims: ['io'], lambda: 0.2 } }],
    },
    retrain: {
      ...training,
      epochs: 300,
      plugins: [
        {
          use: '@kcr/nystrom#kcrNystrom',
          options: { eta: 1, gamma: 0.2, landmarks: 4 * features, warmup: 0.3 },
        },
      ],
    },
    complexity: { rank: Math.ceil(0.2 * features), landmarks: 4 * features },
  };
};

export const kcrVitSmall = imagenet('kcr-vit-small', 'vit_small_patch16_224', 384);
export const kcrVitBase = imagenet('kcr-vit-base', 'vit_base_patch16_224', 768);
