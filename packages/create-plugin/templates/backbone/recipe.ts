import type { RecipeInput } from '@kcr/pipeline';

const training = { batchSize: 16, optimizer: { lr: 1e-3 } };

export default {
  name: 'template-name',
  model: { name: 'template-package#template_name_tiny', config: { img_size: 32 } },
  data: {},
  dense: { ...training, epochs: 10 },
  prune: {
    criterion: { use: '@kcr/criteria#magnitude' },
    allocator: 'macs',
    budget: 0.7,
    dims: ['hidden'],
  },
  retrain: { ...training, epochs: 5 },
} satisfies RecipeInput;
