// VTC-LFC's two constants of low-frequency sensitivity, as in its figure 4c and its table 7: the cutoff sigma of the filter, and lambda
// between the two terms. A ViT of 0.1 M parameters on EuroSAT images loses half of its channels of q and k, v and the MLPs, and is not
// trained afterwards; measured by 3-fold cross-validation on the training images: minutes on two cores.
//
//   npx kcr sweep lfs-eurosat --data tools/data/eurosat-2500 --out runs/lfs
import { data, model, training } from './tiny-eurosat.mjs';

export default {
  name: 'lfs-eurosat',
  recipe: {
    name: 'lfs-tiny-eurosat',
    model,
    data,
    dense: { ...training, epochs: 12 },
    prune: {
      criterion: { use: '@kcr/lfc#lfs', options: { sigma: 0.1, lambda: 0.1 } },
      allocator: 'global',
      budget: 0.5,
      images: 500,
    },
    // What is measured is the model before it; a recipe has one.
    retrain: { ...training, epochs: 1 },
  },
  parameters: {
    'prune.criterion.options.sigma': [0.05, 0.1, 0.3, 1],
    'prune.criterion.options.lambda': [0, 0.1, 0.5],
  },
  strategy: { kind: 'grid' },
  folds: { count: 3, seed: 0 },
  metric: { path: 'pruned.top1', goal: 'max' },
};
