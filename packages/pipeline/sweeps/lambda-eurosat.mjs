// How much of a network stays, by the weight of the cost in a search of KCR and DCS: lambda fixed, as in the papers, instead of by dual
// ascent to a budget. A ViT of 0.1 M parameters on EuroSAT images, searched on its dense weights, which then are trained on; by 3-fold
// cross-validation on the training images: minutes on two cores.
//
//   npx kcr sweep lambda-eurosat --data tools/data/eurosat-2500 --out runs/lambda
const training = {
  batchSize: 64,
  labelSmoothing: 0.1,
  optimizer: { lr: 2e-3, minLr: 2e-5, warmupEpochs: 1, weightDecay: 0.05 },
};

export default {
  name: 'lambda-eurosat',
  recipe: {
    name: 'search-tiny-eurosat',
    model: {
      name: 'vit_tiny_patch16_224',
      config: {
        img_size: 64,
        num_classes: 10,
        patch_size: 16,
        embed_dim: 48,
        depth: 3,
        num_heads: 3,
      },
    },
    data: { augment: ['horizontalFlip', 'verticalFlip', 'transpose'] },
    dense: { ...training, epochs: 12 },
    search: {
      ...training,
      epochs: 12,
      initial: 'dense',
      freezeWeights: true,
      architectureOptimizer: { lr: 5e-2, minLr: 1e-2 },
      plugins: [
        {
          use: '@kcr/masks#gumbelMasks',
          options: {
            dims: ['io'],
            lambda: 0.1,
            initial: 0.1,
            temperature: { start: 1, end: 0.3 },
          },
        },
      ],
    },
    retrain: {
      ...training,
      epochs: 4,
      initial: 'dense',
      optimizer: { ...training.optimizer, lr: 5e-4, warmupEpochs: 0 },
    },
  },
  parameters: {
    'search.plugins.0.options.lambda': [0.1, 0.2, 0.3, 0.4, 0.5],
  },
  strategy: { kind: 'grid' },
  folds: { count: 3, seed: 0 },
  metric: { path: 'compact.top1', goal: 'max' },
};
