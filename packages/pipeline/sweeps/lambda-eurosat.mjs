// How much of a network stays, by the weight of the cost in a search of KCR and DCS: lambda fixed, as in the papers, instead of by dual
// ascent to a budget. A ViT of 0.1 M parameters on EuroSAT images, searched on its dense weights, which then are trained on; by 3-fold
// cross-validation on the training images: minutes on two cores.
//
//   npx kcr sweep lambda-eurosat --data tools/data/eurosat-2500 --out runs/lambda
import { data, model, training } from './tiny-eurosat.mjs';

export default {
  name: 'lambda-eurosat',
  recipe: {
    name: 'search-tiny-eurosat',
    model,
    data,
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
