import type { ClassFoldersInput } from '../data/class-folders.ts';
import type { PartInput, RecipeInput } from './recipe.ts';
import { searchOnDense } from './search-on-dense.ts';

/** Ways to compress a pretrained classifier. */
export const FINE_TUNING_METHODS = ['prune', 'lfc', 'kcr'] as const;
export type FineTuningMethod = (typeof FINE_TUNING_METHODS)[number];

/** What is fine-tuned, and how small it becomes. */
export interface FineTuning {
  readonly method: FineTuningMethod;
  /** A model by timm name, and its published weights. */
  readonly model: RecipeInput['model'];
  /** Share of the MACs that is kept, by `prune` and `kcr`; VTC-LFC's cascade goes by accuracy. Default 0.5 and 0.6. */
  readonly budget?: number;
  /** How many classes there are, which is the rank of KCR's regulariser. Default 10. */
  readonly classes?: number;
  /** Where images are, as `data` of a recipe has it. */
  readonly data?: Pick<ClassFoldersInput, 'train' | 'test'>;
  readonly batchSize?: number;
  /** Of each of the two trainings. Default 10. */
  readonly epochs?: number;
}

const BATCH = 64;

/** What a method adds to a recipe: how channels and tokens go, and plugins that the compact model is trained with. */
interface Compression extends Pick<RecipeInput, 'prune' | 'search'> {
  readonly plugins?: PartInput[];
}

const METHODS: Readonly<Record<FineTuningMethod, (tuning: FineTuning) => Compression>> = {
  prune: ({ budget = 0.5 }) => ({
    prune: { criterion: { use: '@kcr/criteria#taylor' }, allocator: 'macs', budget },
  }),
  // The paper's for DeiT-Tiny.
  lfc: () => ({
    prune: {
      method: 'bottom-up-cascade',
      epsilon: 9.5,
      rho: 0.56,
      tokenSelector: { use: '@kcr/lfc#lfe' },
    },
  }),
  kcr: ({ budget = 0.6, classes = 10, batchSize = BATCH }) => ({
    search: searchOnDense({ batchSize, labelSmoothing: 0.1, optimizer: { lr: 1e-3 } }, budget, {
      dims: ['io', 'hidden'],
    }),
    plugins: [
      {
        use: '@kcr/nystrom#kcrNystrom',
        options: { eta: 0.1, rank: classes, warmup: 0.3 },
      },
    ],
  }),
};

/**
 * A recipe that fine-tunes a published classifier on one's own images, makes it smaller, and trains the smaller one on from what
 * it inherits, with the whole one as teacher. Layers further down learn at lower rates (Bao et al. 2022: 0.75 a layer).
 */
export function fineTuning(name: string, tuning: FineTuning): RecipeInput {
  const { method, model, data = {}, batchSize = BATCH, epochs = 10 } = tuning;
  const optimizer = { lr: 2e-4, minLr: 2e-6, weightDecay: 0.05, warmupEpochs: 1, layerDecay: 0.75 };
  const training = { epochs, batchSize, labelSmoothing: 0.1 };
  const { plugins = [], ...smaller } = METHODS[method](tuning);
  return {
    name,
    model,
    data: { ...data, resizedCrop: { scale: [0.35, 1] }, augment: ['horizontalFlip'] },
    dense: { ...training, optimizer, initial: 'pretrained' },
    ...smaller,
    retrain: {
      ...training,
      optimizer: { ...optimizer, lr: 1e-4, warmupEpochs: 0, layerDecay: 0.9 },
      initial: 'dense',
      plugins,
    },
    distillation: { teacher: 'dense' },
  };
}

/** DeiT-Tiny's published weights; `--weights` gives others. */
const tiny: RecipeInput['model'] = {
  name: 'deit_tiny_patch16_224',
  pretrained: 'hf://timm/deit_tiny_patch16_224.fb_in1k',
};

/** The recipes for a published classifier and one's own images. */
export const fineTuningRecipes: readonly RecipeInput[] = FINE_TUNING_METHODS.map((method) =>
  fineTuning(`finetune-${method}`, { method, model: tiny }),
);
