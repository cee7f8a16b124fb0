import type { PartInput, RecipeInput } from './recipe.ts';
import { searchOnDense } from './search-on-dense.ts';

const training = {
  batchSize: 64,
  labelSmoothing: 0.1,
  emaDecay: 0.98,
  optimizer: { lr: 1e-3, minLr: 1e-5, warmupEpochs: 3, weightDecay: 0.05 },
};

/** The rank is the number of classes, and the least of the paper's grid for the ViT: see docs/kcr.md. */
const complexity = { rank: 10, landmarks: 384 };

const data = { augment: ['horizontalFlip', 'verticalFlip', 'transpose', 'randomCrop'] };

type SearchInput = NonNullable<RecipeInput['search']>;

/** Training that goes on from weights that are there. */
const goingOn = {
  epochs: 8,
  optimizer: { ...training.optimizer, lr: 3e-4, warmupEpochs: 0 },
};

interface Method {
  adapters?: PartInput[];
  search: SearchInput;
  retrain: Pick<RecipeInput['retrain'], 'epochs' | 'initial'> & Partial<RecipeInput['retrain']>;
  regulariser: PartInput;
  /** The regulariser's measurements alone. */
  measure: PartInput;
  /** Plugins that measure besides while the compact model is trained. */
  watching?: PartInput[];
  /** Name of the compact model without the regulariser. */
  without: string;
  /** What is measured besides what belongs to both methods. */
  analyses?: PartInput[];
}

/** A method on 2,000 satellite images of 64 px, in minutes on two cores; beside it as many random channels. */
const eurosat = (
  name: string,
  model: RecipeInput['model'],
  { adapters, search, retrain, regulariser, measure, watching = [], without, analyses }: Method,
): RecipeInput => ({
  name,
  model,
  adapters,
  data,
  dense: { ...training, epochs: 20, plugins: [measure] },
  search,
  retrain: { ...training, ...retrain, plugins: [regulariser, ...watching] },
  ablations: { [without]: [measure, ...watching] },
  controls: ['random'],
  analyses,
  complexity,
});

const nystrom = (eta: number) => ({
  use: '@kcr/nystrom#kcrNystrom',
  options: { eta, ...complexity, warmup: 0.3, bounds: true },
});

/**
 * KCR on inherited weights: of as many channels of each block random ones are no worse where all is trained from scratch.
 *
 * @param budget share of the MACs that the compact model may have
 */
const kcr = (budget: number): Method => ({
  search: searchOnDense(training, budget),
  retrain: { ...goingOn, initial: 'dense' },
  // Below the paper's grid, whose least weight already costs accuracy on models of this size: see docs/claims.md.
  regulariser: nystrom(0.01),
  measure: nystrom(0),
  without: 'compactNoTnn',
});

/** Draws how far the masks of q and k are open. */
const openShares = { use: '@kcr/masks#qkOpenShares' };

const bound = (eta: number) => ({ use: '@kcr/ib-bound#ibBound', options: { eta, warmup: 0.3 } });

const qkMask = (options: object) => ({
  use: '@kcr/masks#qkMask',
  options: { temperature: { start: 4.5, end: 0.3 }, ...options },
});

/** Among weights that were trained without a mask it starts open. */
const inserted = { initial: 2 };

/** The search is on the dense model's weights, and Algorithm 1 trains on from its weights: the masks of q and k then. */
const dcs: Method = {
  adapters: [qkMask(inserted)],
  search: searchOnDense(training, 0.88, { cost: 'following' }),
  retrain: { ...goingOn, initial: 'search' },
  // The published eta of 50 belongs to 1,000 clusters. An assignment is one of that many, and the bound's
  // gradient as much smaller: 10 clusters have 0.5.
  regulariser: bound(0.5),
  measure: bound(0),
  watching: [openShares],
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

/** A part of DCS alone, without the bound. */
function partOfDcs(name: string, difference: Partial<Method>): RecipeInput {
  const method = { ...dcs, regulariser: dcs.measure, ...difference };
  return { ...eurosat(`dcs-${name}-mobilevit-eurosat`, mobilevit, method), ablations: {} };
}

/** VTC-LFC: the dense ViT is pruned by the bottom-up cascade, and fine-tuned with itself as teacher. */
const lfc: RecipeInput = {
  name: 'lfc-vit-eurosat',
  model: vit,
  data,
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
  // About 30 % of the channels that the MLPs read.
  eurosat('kcr-vit-eurosat', vit, kcr(0.6)),
  eurosat('kcr-swin-eurosat', swin, kcr(0.6)),
  eurosat('kcr-mobilevit-eurosat', mobilevit, kcr(0.84)),
  eurosat('dcs-mobilevit-eurosat', mobilevit, dcs),
  lfc,
  // The q/k mask alone, trained from scratch; nothing is pruned.
  {
    ...partOfDcs('arch1', { adapters: [qkMask({})] }),
    dense: undefined,
    search: undefined,
    controls: [],
    retrain: { ...training, epochs: 20, plugins: [dcs.measure, openShares] },
  },
  // The search of MLP channels alone.
  partOfDcs('arch2', { adapters: [], watching: [] }),
  // Masks of their own for q and k.
  partOfDcs('qk-mask', { adapters: [qkMask({ separate: true, ...inserted })] }),
];
