import type { RecipeInput } from '@kcr/pipeline';

/** Trains a small Swin with the head on images whose labels give a class to each pixel. */
export default {
  name: 'semantic-fpn',
  model: {
    name: 'swin_tiny_patch4_window7_224',
    config: {
      img_size: 64,
      window_size: 4,
      embed_dim: 24,
      depths: [1, 1, 1, 1],
      num_heads: [2, 4, 4, 4],
    },
    head: { name: 'semantic_fpn', module: 'kcr-example-fpn-head', config: { channels: 24 } },
  },
  data: {
    kind: 'semantic',
    classes: ['background', 'object'],
    train: { images: 'train/images', labels: 'train/labels' },
    test: { images: 'val/images', labels: 'val/labels' },
  },
  retrain: { epochs: 10, batchSize: 8, optimizer: { lr: 1e-3 } },
} satisfies RecipeInput;
