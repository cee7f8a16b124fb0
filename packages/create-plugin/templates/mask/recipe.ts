import type { RecipeInput } from '@kcr/pipeline';

const training = { batchSize: 16, optimizer: { lr: 1e-3 } };

export default {
  name: 'template-name',
  model: {
    name: 'vit_tiny_patch16_224',
    config: { img_size: 32, patch_size: 4, embed_dim: 64, depth: 4, num_heads: 4 },
  },
  data: {},
  search: {
    ...training,
    epochs: 5,
    architectureOptimizer: { lr: 0.05 },
    plugins: [{ use: 'template-package#templateName', options: { lambda: 2 } }],
  },
  retrain: { ...training, epochs: 10 },
} satisfies RecipeInput;
