import type { PartInput, RecipeInput } from './recipe.ts';

interface Method {
  adapters?: PartInput[];
  /** Options of the search's masks. */
  masks?: object;
  regulariser: PartInput;
  /** The regulariser's measurements alone, of the dense model too. */
  measure?: PartInput;
  /** What is measured besides what belongs to both methods. */
  analyses?: PartInput[];
}

/**
 * A method on ImageNet with the published settings of both papers, which share them. Where sources differ or
 * are silent, the values are those named in docs/kcr.md and docs/dcs.md.
 *
 * DCS, appendix: batches of 512; the rate from 2e-4 to 2e-3 in 5 epochs, and back; the search's 200 epochs on 100 classes from 1e-3
 * to 1e-4, 70 % of the images for the weights. KCR's text has the same sentences without the numbers. The code of KCR: 300 epochs,
 * weight decay 0.01, averages by 0.9995, smoothing 0.1, RandAugment, erasing, 30 % of warm-up; its rates (1e-4 to 1e-5) are others.
 *
 * @param features width of the classifier's input
 */
const imagenet = (
  name: string,
  model: RecipeInput['model'],
  features: number,
  { adapters, masks, regulariser, measure, analyses }: Method,
): RecipeInput => {
  const training = {
    batchSize: 512,
    labelSmoothing: 0.1,
    emaDecay: 0.9995,
    optimizer: { lr: 2e-3, minLr: 2e-4, warmupEpochs: 5, weightDecay: 0.01 },
  };
  return {
    name,
    model,
    adapters,
    data: {
      train: 'train',
      test: 'val',
      cropRatio: 0.875,
      resizedCrop: { scale: [0.08, 1] },
      augment: ['horizontalFlip', 'randAugment', 'randomErasing'],
    },
    dense: { ...training, epochs: 300, plugins: measure ? [measure] : [] },
    search: {
      ...training,
      epochs: 200,
      emaDecay: undefined,
      classes: 100,
      optimizer: { lr: 1e-3, minLr: 1e-4, weightDecay: 0.01 },
      architectureShare: 0.3,
      plugins: [
        { use: '@kcr/masks#gumbelMasks', options: { dims: ['io'], lambda: 0.2, ...masks } },
      ],
    },
    retrain: { ...training, epochs: 300, plugins: [regulariser] },
    analyses,
    complexity: { rank: Math.ceil(0.2 * features), landmarks: 4 * features },
  };
};

/** The paper has one set of values for its four backbones; only what goes by the number of features differs. */
const kcr = (name: string, model: string, features: number) =>
  imagenet(name, { name: model }, features, {
    regulariser: {
      use: '@kcr/nystrom#kcrNystrom',
      options: { eta: 1, gamma: 0.2, landmarks: 4 * features, warmup: 0.3, bounds: true },
    },
  });

const bound = (eta: number) => ({ use: '@kcr/ib-bound#ibBound', options: { eta, warmup: 0.3 } });

interface Dcs {
  /** Side of the images, in pixels. Default 224, as in the paper's counts. */
  size?: number;
  /** Roles of the channels that are searched. Default `io`. */
  dims?: string[];
}

/** `--teacher` makes the variant with knowledge distillation. */
const dcs = (name: string, model: string, features: number, { size = 224, ...masks }: Dcs = {}) =>
  imagenet(name, { name: model, config: { img_size: size } }, features, {
    adapters: [{ use: '@kcr/masks#qkMask' }],
    masks: { cost: 'following', ...masks },
    regulariser: bound(50),
    measure: bound(0),
    analyses: [{ use: '@kcr/masks#qkMaskAnalysis', options: { epochs: 300 } }],
  });

/** What the layer after EfficientViT's branches reads of them (DCS, appendix B). */
const branches = { dims: ['context'] };

interface Lfc {
  /** Whether tokens are taken out too. */
  tokens: boolean;
  /** Percentage points that the cascade may cost, and the tokens' share of each block's part. */
  epsilon: number;
  rho: number;
  /** Share of the teacher's labels in the loss. */
  alpha: number;
  epochs: number;
  batchSize: number;
}

/**
 * VTC-LFC on ImageNet: `--weights` takes the published weights of the model, which is pruned and then fine-tuned with
 * itself as teacher. The paper's loss (1 - alpha) CE + alpha CE(teacher) is taken as CE + alpha / (1 - alpha) CE(teacher),
 * since AdamW does not see the factor.
 */
const lfc = (
  name: string,
  model: string,
  features: number,
  { tokens, epsilon, rho, alpha, epochs, batchSize }: Lfc,
): RecipeInput => ({
  name,
  model: { name: model, config: { drop_path_rate: 0.1 } },
  data: {
    train: 'train',
    test: 'val',
    cropRatio: 0.875,
    resizedCrop: { scale: [0.08, 1] },
    augment: ['horizontalFlip', 'randAugment', { randomErasing: 0.25 }],
    mix: { mixup: 0.8, cutmix: 1 },
  },
  prune: {
    method: 'bottom-up-cascade',
    epsilon,
    rho,
    ...(tokens ? { tokenSelector: { use: '@kcr/lfc#lfe' } } : {}),
  },
  retrain: {
    epochs,
    batchSize,
    labelSmoothing: 0.1,
    emaDecay: 0.99996,
    augRepeats: 3,
    optimizer: { lr: (1e-4 * batchSize) / 512, minLr: 1e-5, weightDecay: 0.05, layerDecay: 0.9 },
  },
  distillation: { teacher: 'dense', kind: 'hard', weight: alpha / (1 - alpha) },
  complexity: { rank: Math.ceil(0.2 * features), landmarks: 4 * features },
});

/** The recipes for ImageNet. */
export const imagenetRecipes: readonly RecipeInput[] = [
  kcr('kcr-vit-small', 'vit_small_patch16_224', 384),
  kcr('kcr-vit-base', 'vit_base_patch16_224', 768),
  kcr('kcr-swin-tiny', 'swin_tiny_patch4_window7_224', 768),
  kcr('kcr-swin-base', 'swin_base_patch4_window7_224', 1024),
  dcs('dcs-mobilevit-s', 'mobilevit_s', 640),
  dcs('dcs-mobilevit-xs', 'mobilevit_xs', 384),
  dcs('dcs-efficientvit-b1', 'efficientvit_b1', 1600, branches),
  dcs('dcs-efficientvit-b1-r288', 'efficientvit_b1', 1600, { ...branches, size: 288 }),
  lfc('lfc-deit-tiny', 'deit_tiny_patch16_224', 192, {
    tokens: true,
    epsilon: 9.5,
    rho: 0.56,
    alpha: 0.1,
    epochs: 300,
    batchSize: 512,
  }),
  lfc('lfc-deit-small', 'deit_small_patch16_224', 384, {
    tokens: true,
    epsilon: 14,
    rho: 0.35,
    alpha: 0.25,
    epochs: 150,
    batchSize: 512,
  }),
  lfc('lfc-deit-base', 'deit_base_patch16_224', 768, {
    tokens: true,
    epsilon: 14,
    rho: 0.3,
    alpha: 0.5,
    epochs: 150,
    batchSize: 512,
  }),
  lfc('lfc-lvvit-s', 'lvvit_s', 384, {
    tokens: true,
    epsilon: 14,
    rho: 0.35,
    alpha: 0.25,
    epochs: 150,
    batchSize: 512,
  }),
  lfc('lfc-swin-tiny', 'swin_tiny_patch4_window7_224', 768, {
    tokens: false,
    epsilon: 14,
    rho: 0,
    alpha: 0.25,
    epochs: 150,
    batchSize: 512,
  }),
];
