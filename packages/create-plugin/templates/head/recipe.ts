import type { RecipeInput } from '@kcr/pipeline';

export default {
  name: 'template-name',
  model: {
    name: 'swin_tiny_patch4_window7_224',
    config: { img_size: 64, window_size: 4, embed_dim: 24, depths: [1, 1], num_heads: [2, 4] },
    head: { name: 'template_name', module: 'template-package', config: { channels: 24 } },
  },
  data: {
    kind: 'semantic',
    classes: ['background', 'object'],
    train: { images: 'train/images', labels: 'train/labels' },
    test: { images: 'val/images', labels: 'val/labels' },
  },
  retrain: { epochs: 10, batchSize: 8, optimizer: { lr: 1e-3 } },
} satisfies RecipeInput;
