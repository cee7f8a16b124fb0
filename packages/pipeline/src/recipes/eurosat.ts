import type { PartInput, RecipeInput } from './recipe.ts';

const training = {
  batchSize: 64,
  labelSmoothing: 0.1,
  emaDecay: 0.98,
  optimizer: { lr: 1e-3, minLr: 1e-5, warmupEpochs: 3, weightDecay: 0.05 },
};

/** The rank is the number of classes, and the least of the paper's grid for the ViT: see docs/kcr.md. */
const complexity = { rank: 10, landmarks: 384 };

interface Method {
  adapters?: PartInput[];
  /** Options of the search's masks. */
  masks?: object;
  regulariser: PartInput;
  /** The regulariser's measurements alone. */
  measure: PartInput;
  /** Name of the compact model without the regulariser. */
  without: string;
  /** What is measured besides what belongs to both methods. */
  analyses?: PartInput[];
}

/**
 * A method on 2,000 satellite images of 64 px, in minutes on two cores.
 *
 * @param budget share of the MACs that the compact model may have; it trains for as many epochs more
 */
const eurosat = (
  name: string,
  model: RecipeInput['model'],
  budget: number,
  { adapters, masks, regulariser, measure, without, analyses }: Method,
): RecipeInput => ({
  name,
  model,
  adapters,
  data: { augment: ['horizontalFlip', 'verticalFlip', 'transpose', 'randomCrop'] },
  dense: { ...training, epochs: 20, plugins: [measure] },
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
          ...masks,
        },
      },
    ],
  },
  // As much arithmetic as the dense model's 20 epochs.
  retrain: { ...training, epochs: Math.round(20 / budget), plugins: [regulariser] },
  ablations: { [without]: [measure] },
  analyses,
  complexity,
});

const nystrom = (eta: number) => ({
  use: '@kcr/nystrom#kcrNystrom',
  options: { eta, ...complexity, warmup: 0.3 },
});

const kcr: Method = { regulariser: nystrom(0.01), measure: nystrom(0), without: 'compactNoTnn' };

const bound = (eta: number) => ({ use: '@kcr/ib-bound#ibBound', options: { eta, warmup: 0.3 } });

const qkMask = (separate: boolean) => ({
  use: '@kcr/masks#qkMask',
  options: { separate, temperature: { start: 4.5, decay: 0.85, floor: 0.3 } },
});

const dcs: Method = {
  adapters: [qkMask(false)],
  masks: { cost: 'following' },
  // The published eta of 50 belongs to 1,000 clusters. An assignment is one of that many, and the bound's
  // gradient as much smaller: 10 clusters have 0.5.
  regulariser: bound(0.5),
  measure: bound(0),
  without: 'compactNoIb',
  analyses: [{ use: '@kcr/masks#qkMaskAnalysis', options: {} }],
};

const common = { img_size: 64, num_classes: 10 };

/** A ViT of 0.47 M parameters. */
const vit = {
  name: 'vit_tiny_patch16_224',
  config: { ...common, patch_size: 8, embed_dim: 96, depth: 4, num_heads: 3 },
};

/** A Swin of three stages, 1.3 M parameters. */
const swin = {
  name: 'swin_tiny_patch4_window7_224',
  config: { ...common, window_size: 4, embed_dim: 48, depths: [2, 2, 2], num_heads: [3, 6, 12] },
};

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

/** A part of DCS alone, without the bound and without a dense baseline. */
function partOfDcs(name: string, difference: Partial<Method>): RecipeInput {
  const method = { ...dcs, regulariser: dcs.measure, ...difference };
  const recipe = eurosat(`dcs-${name}-mobilevit-eurosat`, mobilevit, 0.9, method);
  return { ...recipe, dense: undefined, ablations: {} };
}

/** VTC-LFC: the dense ViT is pruned by the bottom-up cascade, and fine-tuned with itself as teacher. */
const lfc: RecipeInput = {
  name: 'lfc-vit-eurosat',
  model: vit,
  data: { augment: ['horizontalFlip', 'verticalFlip', 'transpose', 'randomCrop'] },
  dense: { ...training, epochs: 20 },
  prune: {
    method: 'bottom-up-cascade',
    epsilon: 9.5,
    rho: 0.56,
    tokenSelector: { use: '@kcr/lfc#lfe' },
  },
  retrain: {
    ...training,
    epochs: 10,
    optimizer: { ...training.optimizer, lr: 3e-4, warmupEpochs: 0, layerDecay: 0.9 },
  },
  distillation: { teacher: 'dense', kind: 'hard', weight: 0.1 / 0.9 },
  complexity,
};

/** The recipes for the EuroSAT images of the repository. */
export const eurosatRecipes: readonly RecipeInput[] = [
  eurosat('kcr-vit-eurosat', vit, 0.85, kcr),
  eurosat('kcr-swin-eurosat', swin, 0.85, kcr),
  eurosat('kcr-mobilevit-eurosat', mobilevit, 0.9, kcr),
  eurosat('dcs-mobilevit-eurosat', mobilevit, 0.9, dcs),
  lfc,
  // The q/k mask alone; nothing is pruned.
  {
    ...partOfDcs('arch1', {}),
    search: undefined,
    retrain: { ...training, epochs: 20, plugins: [dcs.measure] },
  },
  // The search of MLP channels alone.
  partOfDcs('arch2', { adapters: [] }),
  // Masks of their own for q and k.
  partOfDcs('qk-mask', { adapters: [qkMask(true)] }),
];
