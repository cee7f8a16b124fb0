import { type FineTuning, fineTuning, type RecipeInput } from '@kcr/pipeline';

const common = { img_size: 32 };

/** Small models of two families, for images of 32 pixels. */
export const backbones = {
  ViT: {
    name: 'vit_tiny_patch16_224',
    config: { ...common, patch_size: 8, embed_dim: 64, depth: 4, num_heads: 2 },
  },
  MobileViT: {
    name: 'mobilevit_xxs',
    config: {
      ...common,
      channels: [16, 32, 48, 64],
      depths: [1, 1, 1, 1],
      transformer_dims: [0, 0, 80, 96],
      transformer_depths: [0, 0, 1, 2],
      num_features: 192,
    },
  },
} as const;

export type Backbone = keyof typeof backbones;

/** Images that a model is transferred to. */
export interface Target {
  readonly name: string;
  /** The folder that they are in. */
  readonly from: 'eurosat' | 'flowers';
  /** Images of each class that are there, and those of them that are trained on. The rest are tested on. */
  readonly perClass: number;
  readonly drawn: number;
  /** Whether the classes are those of the pretraining. */
  readonly sameClasses: boolean;
  readonly batchSize: number;
  /** Of fine-tuning, and again of what is left after pruning: 300 or 320 updates each. */
  readonly epochs: number;
}

export const targets: readonly Target[] = [
  {
    name: 'EuroSAT, 20 a class',
    from: 'eurosat',
    perClass: 600,
    drawn: 20,
    sameClasses: true,
    batchSize: 20,
    epochs: 30,
  },
  {
    name: 'EuroSAT, 100 a class',
    from: 'eurosat',
    perClass: 600,
    drawn: 100,
    sameClasses: true,
    batchSize: 25,
    epochs: 8,
  },
  {
    name: 'flowers, 20 a class',
    from: 'flowers',
    perClass: 40,
    drawn: 20,
    sameClasses: false,
    batchSize: 10,
    epochs: 30,
  },
];

/** Epochs of the pretraining. */
export const PRETRAINING = 12;

/** How a model comes to its weights on a target. */
export interface Way {
  /** From new weights, in so many times as many epochs as fine-tuning has. Absent: from the pretrained ones. */
  readonly scratch?: number;
  /** Whether the trained model is also pruned and trained on. */
  readonly compressed: boolean;
}

/** The ways that are compared, by the names of their models. */
export const ways: Readonly<Record<string, Way>> = {
  scratch: { scratch: 1, compressed: false },
  'scratch x2': { scratch: 2, compressed: true },
  'scratch x8': { scratch: 8, compressed: false },
  transferred: { compressed: true },
};

/** What names a backbone on a target, and stands before the colon of a {@link unitName}. */
export const groupOf = (unit: string): string => unit.slice(0, unit.indexOf(':'));

/** The name of one way of one backbone on one target. */
export const unitName = (backbone: Backbone, target: Target, way: string): string =>
  `${backbone}, ${target.name}: ${way}`;

/** Training of new weights. The rates of fine-tuning would be too low for them. */
const fromScratch = (epochs: number, batchSize: number): NonNullable<RecipeInput['dense']> => ({
  epochs,
  batchSize,
  labelSmoothing: 0.1,
  optimizer: { lr: 1e-3, minLr: 1e-5, weightDecay: 0.05, warmupEpochs: Math.ceil(epochs / 20) },
  initial: 'scratch',
});

const BATCH = 64;

/** The recipe by which a backbone is pretrained. A twentieth of the images is kept to watch it. */
export const pretraining = (backbone: Backbone, train: string): RecipeInput => ({
  ...fineTuning('pretraining', {
    method: 'prune',
    model: backbones[backbone],
    data: { train, test: { share: 0.05 } },
  }),
  dense: fromScratch(PRETRAINING, BATCH),
});

/**
 * The recipe by which a backbone learns a target and is made smaller. With pretrained weights it is `finetune-prune`; from scratch only
 * the training of the whole model is another.
 *
 * @param images what has all images of the target, within its folder
 * @param seed of the draw of those to train on
 * @param pretrained the checkpoint of the pretraining
 */
export function transfer(
  backbone: Backbone,
  { perClass, drawn, batchSize, epochs }: Target,
  images: string,
  seed: number,
  { scratch }: Way,
  pretrained: string,
): RecipeInput {
  const data: FineTuning['data'] = { train: images, test: { share: 1 - drawn / perClass, seed } };
  const { name } = backbones[backbone];
  const recipe = (model: RecipeInput['model']) =>
    fineTuning('transfer', { method: 'prune', model, data, batchSize, epochs });
  if (scratch === undefined) return recipe({ name, pretrained });
  return { ...recipe(backbones[backbone]), dense: fromScratch(scratch * epochs, batchSize) };
}
