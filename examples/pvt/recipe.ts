import type { RecipeInput } from '@kcr/pipeline';

const training = { batchSize: 16, optimizer: { lr: 1e-3 } };

/** Trains the smallest model, prunes it to 70 % of its MACs and trains what is left. */
export default {
  name: 'pvt-micro',
  model: { name: 'kcr-example-pvt#pvt_micro', config: { img_size: 32 } },
  data: {},
  dense: { ...training, epochs: 10 },
  prune: {
    criterion: { use: '@kcr/criteria#magnitude' },
    allocator: 'macs',
    budget: 0.7,
    dims: ['hidden', 'qk', 'v'],
  },
  retrain: { ...training, epochs: 5 },
} satisfies RecipeInput;
