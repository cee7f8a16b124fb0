import type { RecipeInput } from '../recipe.ts';

const training = {
  batchSize: 64,
  labelSmoothing: 0.1,
  emaDecay: 0.98,
  optimizer: { lr: 1e-3, minLr: 1e-5, warmupEpochs: 3, weightDecay: 0.05 },
};

const complexity = { rank: 20, landmarks: 384 };

/** KCR's regulariser, or with eta 0 its measurements alone. */
const nystrom = (eta: number) => ({
  use: '@kcr/nystrom#kcrNystrom',
  options: { eta, ...complexity, warmup: 0.3 },
});

/** KCR on 2,000 satellite images with a ViT of 0.47 M parameters: minutes on two cores. */
export const kcrVitEurosat: RecipeInput = {
  name: 'kcr-vit-eurosat',
  model: {
    name: 'vit_tiny_patch16_224',
    config: { img_size: 64, patch_size: 8, embed_dim: 96, depth: 4, num_heads: 3, num_classes: 10 },
  },
  data: { augment: ['horizontalFlip', 'verticalFlip', 'transpose', 'randomCrop'] },
  dense: { ...training, epochs: 20, plugins: [nystrom(0)] },
  search: {
    ...training,
    epochs: 8,
    emaDecay: undefined,
    architectureShare: 0.3,
    architectureOptimizer: { lr: 5e-2, minLr: 1e-2 },
    plugins: [
      {
        use: '@kcr/masks#gumbelMasks',
        options: {
          dims: ['io'],
          lambda: 0.2,
          budget: 0.85,
          temperature: { start: 4.5, decay: 0.65, floor: 0.3 },
        },
      },
    ],
  },
  // As much arithmetic as the dense model's 20 epochs: 20 / 0.85.
  retrain: { ...training, epochs: 24, plugins: [nystrom(0.01)] },
  ablation: [nystrom(0)],
  complexity,
};
