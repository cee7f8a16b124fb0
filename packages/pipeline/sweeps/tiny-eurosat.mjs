// What the sweeps on EuroSAT train: a ViT of 0.1 M parameters for images of 64 px, in seconds.

export const model = {
  name: 'vit_tiny_patch16_224',
  config: {
    img_size: 64,
    num_classes: 10,
    patch_size: 16,
    embed_dim: 48,
    depth: 3,
    num_heads: 3,
  },
};

export const data = { augment: ['horizontalFlip', 'verticalFlip', 'transpose'] };

export const training = {
  batchSize: 64,
  labelSmoothing: 0.1,
  optimizer: { lr: 2e-3, minLr: 2e-5, warmupEpochs: 1, weightDecay: 0.05 },
};
