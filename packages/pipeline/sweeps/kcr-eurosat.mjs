// The weight and the warm-up of KCR's regulariser for a ViT of 0.1 M parameters on EuroSAT images, by 3-fold cross-validation on the
// training images: minutes on two cores.
//
//   npx kcr sweep kcr-eurosat --data tools/data/eurosat-2500 --out runs/sweep
import { data, model, training } from './tiny-eurosat.mjs';

export default {
  name: 'kcr-eurosat',
  recipe: {
    name: 'kcr-tiny-eurosat',
    model,
    data,
    retrain: {
      ...training,
      epochs: 6,
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
