// The weight and the warm-up of KCR's regulariser for a ViT of 0.1 M parameters on EuroSAT images, by 3-fold cross-validation on the
// training images: minutes on two cores.
//
//   npx kcr sweep kcr-eurosat --data tools/data/eurosat-2500 --out runs/sweep
export default {
  name: 'kcr-eurosat',
  recipe: {
    name: 'kcr-tiny-eurosat',
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
    retrain: {
      epochs: 6,
      batchSize: 64,
      labelSmoothing: 0.1,
      optimizer: { lr: 2e-3, minLr: 2e-5, warmupEpochs: 1, weightDecay: 0.05 },
      plugins: [
        {
          use: '@kcr/nystrom#kcrNystrom',
          options: { eta: 0.01, rank: 9, landmarks: 192, warmup: 0.3 },
        },
      ],
    },
  },
  parameters: {
    'retrain.plugins.0.options.eta': [0.001, 0.01, 0.1, 1],
    'retrain.plugins.0.options.warmup': [0.2, 0.6],
  },
  strategy: { kind: 'grid' },
  folds: { count: 3, seed: 0 },
  metric: { path: 'compact.top1', goal: 'max' },
};
