import type { RecipeInput } from '@kcr/pipeline';

const training = { batchSize: 16, optimizer: { lr: 1e-3 } };

export default {
  name: 'template-name',
  model: {
    name: 'vit_tiny_patch16_224',
    config: { img_size: 32, patch_size: 4, embed_dim: 64, depth: 4, num_heads: 4 },
  },
  data: {},
  dense: { ...training, epochs: 10 },
  prune: {
    criterion: { use: '@kcr/criteria#magnitude' },
    allocator: { use: 'template-package#templateName', options: { first: 0.9, last: 0.4 } },
    dims: ['hidden'],
  },
  retrain: { ...training, epochs: 5 },
} satisfies RecipeInput;
