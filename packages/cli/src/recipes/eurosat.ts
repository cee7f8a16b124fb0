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

/**
 * KCR on 2,000 satellite images of 64 px, in minutes on two cores.
 *
 * @param budget share of the MACs that the compact model may have; it trains for as many epochs more
 */
const eurosat = (family: string, model: RecipeInput['model'], budget: number): RecipeInput => ({
  name: `kcr-${family}-eurosat`,
  model,
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
          budget,
          temperature: { start: 4.5, decay: 0.65, floor: 0.3 },
        },
      },
    ],
  },
  // As much arithmetic as the dense model's 20 epochs.
  retrain: { ...training, epochs: Math.round(20 / budget), plugins: [nystrom(0.01)] },
  ablations: { compactNoTnn: [nystrom(0)] },
  complexity,
});

const common = { img_size: 64, num_classes: 10 };

/** A MobileViT of four stages, 0.56 M parameters. Its MLPs have a quarter of the MACs. */
const mobilevit = {
  name: 'mobilevit_xxs',
  config: {
    ...common,
    channels: [16, 32, 48, 64],
    depths: [1, 1, 1, 1],
    transformer_dims: [0, 0, 80, 96],
    transformer_depths: [0, 0, 2, 3],
    num_features: 192,
  },
};

/** A ViT of 0.47 M parameters. */
export const kcrVitEurosat = eurosat(
  'vit',
  {
    name: 'vit_tiny_patch16_224',
    config: { ...common, patch_size: 8, embed_dim: 96, depth: 4, num_heads: 3 },
  },
  0.85,
);

/** A Swin of three stages, 1.3 M parameters. */
export const kcrSwinEurosat = eurosat(
  'swin',
  {
    name: 'swin_tiny_patch4_window7_224',
    config: { ...common, window_size: 4, embed_dim: 48, depths: [2, 2, 2], num_heads: [3, 6, 12] },
  },
  0.85,
);

export const kcrMobilevitEurosat = eurosat('mobilevit', mobilevit, 0.9);

/** DCS's regulariser, or with eta 0 its measurements alone. */
const bound = (eta: number) => ({
  use: '@kcr/ib-bound#ibBound',
  options: { eta, warmup: 0.3 },
});

const qkMask = (separate: boolean) => ({
  use: '@kcr/masks#qkMask',
  options: { separate, temperature: { start: 4.5, decay: 0.85, floor: 0.3 } },
});

const { search } = kcrMobilevitEurosat;
const [masks] = search!.plugins!;

/**
 * DCS on the same images, with the same MobileViT and budget. The published eta of 50 belongs to 1,000 clusters:
 * an assignment is one of that many, and the bound's gradient as much smaller, so 10 clusters have 0.5.
 */
export const dcsMobilevitEurosat: RecipeInput = {
  ...kcrMobilevitEurosat,
  name: 'dcs-mobilevit-eurosat',
  adapters: [qkMask(false)],
  dense: { ...training, epochs: 20, plugins: [bound(0)] },
  search: {
    ...search!,
    plugins: [{ use: masks!.use, options: { ...masks!.options, cost: 'following' } }],
  },
  retrain: { ...kcrMobilevitEurosat.retrain, plugins: [bound(0.5)] },
  ablations: { compactNoIb: [bound(0)] },
};

/** A part of DCS alone, without the bound and without a dense baseline. */
const partOfDcs = (name: string, difference: Partial<RecipeInput>): RecipeInput => ({
  ...dcsMobilevitEurosat,
  name: `dcs-${name}-mobilevit-eurosat`,
  dense: undefined,
  retrain: { ...dcsMobilevitEurosat.retrain, plugins: [bound(0)] },
  ablations: {},
  ...difference,
});

/** The q/k mask alone; nothing is pruned. */
export const dcsArch1 = partOfDcs('arch1', {
  search: undefined,
  retrain: { ...training, epochs: 20, plugins: [bound(0)] },
});
/** The search of MLP channels alone. */
export const dcsArch2 = partOfDcs('arch2', { adapters: [] });
/** Masks of their own for q and k. */
export const dcsQkMask = partOfDcs('qk-mask', { adapters: [qkMask(true)] });
