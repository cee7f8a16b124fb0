import type { RecipeInput } from '@kcr/pipeline';

export default {
  name: 'template-name',
  model: {
    name: 'vit_tiny_patch16_224',
    config: { img_size: 32, patch_size: 4, embed_dim: 64, depth: 4, num_heads: 4 },
  },
  data: {},
  adapters: [{ use: 'template-package#templateName', options: { keepRatio: 0.7, blocks: [1, 2] } }],
  retrain: { epochs: 10, batchSize: 16, optimizer: { lr: 1e-3 } },
} satisfies RecipeInput;
