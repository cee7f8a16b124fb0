import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KcrError } from '@kcr/core';
import { z } from 'zod';
import { recipes } from './recipes/index.ts';

const share = z.number().min(0).max(1);
const count = z.number().int().positive();

const optimizer = z.strictObject({
  lr: z.number().positive(),
  minLr: z.number().nonnegative().optional(),
  warmupEpochs: z.number().nonnegative().optional(),
  weightDecay: z.number().nonnegative().optional(),
  betas: z.tuple([share, share]).optional(),
  eps: z.number().positive().optional(),
  decay: z
    .union([
      z.enum(['cosine', 'linear']),
      z.strictObject({ milestones: z.array(z.number().min(0).max(1)) }),
    ])
    .optional(),
  layerDecay: z.number().positive().max(1).optional(),
});

/** A plugin or an adapter by the module and the export that make it. */
const part = z.strictObject({
  use: z.string().regex(/^.+#.+$/, 'write MODULE#EXPORT, e.g. @kcr/nystrom#kcrNystrom'),
  options: z.record(z.string(), z.unknown()).default({}),
});

const training = z.strictObject({
  epochs: count,
  batchSize: count,
  optimizer,
  labelSmoothing: share.optional(),
  clipNorm: z.number().positive().optional(),
  emaDecay: share.optional(),
  augRepeats: count.optional(),
  plugins: z.array(part).default([]),
});

const normalization = z.strictObject({
  mean: z.array(z.number()).min(1),
  std: z.array(z.number().positive()).min(1),
});

const augment = z.enum([
  'horizontalFlip',
  'verticalFlip',
  'transpose',
  'randomCrop',
  'randAugment',
  'randomErasing',
]);

/** Images in folders named after their classes. */
const classified = z.strictObject({
  /** Absent: this one. */
  kind: z.literal('classes').optional(),
  /** Folder with `train` and `test`, each with one folder of images per class; `--data` overrides it. */
  root: z.string().optional(),
  train: z.string().default('train'),
  test: z.string().default('test'),
  normalization: normalization.optional(),
  cropRatio: share.optional(),
  resizedCrop: z
    .strictObject({
      scale: z.tuple([share, share]).optional(),
      ratio: z.tuple([z.number(), z.number()]).optional(),
    })
    .optional(),
  augment: z.array(z.union([augment, z.strictObject({ randomErasing: share })])).default([]),
  /** Mixing of a training batch's images with each other. */
  mix: z
    .strictObject({
      mixup: z.number().nonnegative().optional(),
      cutmix: z.number().nonnegative().optional(),
      probability: share.optional(),
      switchProbability: share.optional(),
    })
    .optional(),
});

const fit = z.enum(['inside', 'cover']).optional();

/** How images lie on the model's input: one of the framings of `@kcr/data` with its options. */
const shortSide = z.strictObject({
  shortSide: z.strictObject({ short: z.union([count, z.array(count).min(1)]), long: count }),
});
const scaleJitter = z.strictObject({
  scaleJitter: z.strictObject({ scale: z.tuple([z.number(), z.number()]), fit }),
});

/** What data for dense tasks have in common. */
const dense = z.strictObject({
  /** Folder that the other paths are in; `--data` overrides it. */
  root: z.string().optional(),
  normalization: normalization.optional(),
  framing: z.union([shortSide, scaleJitter]).optional(),
  flip: z.strictObject({ horizontal: share.optional(), vertical: share.optional() }).optional(),
  augment: z.array(z.enum(['photometricDistortion'])).default([]),
  /** Entries that cannot be used: an error, or left out and counted. */
  invalid: z.enum(['error', 'skip']).default('error'),
});

/** A folder of images, and one of PNGs of the same names. */
const labelled = z.strictObject({ images: z.string(), labels: z.string() });

/** Images with PNGs of class indices. */
const semantic = dense.extend({
  kind: z.literal('semantic'),
  train: labelled,
  test: labelled,
  classes: z.array(z.string()).min(2).max(255),
  ignore: z.number().int().optional(),
  reduceZeroLabel: z.boolean().optional(),
  instanceIds: z.boolean().optional(),
  maxClassShare: share.optional(),
  testViews: z
    .strictObject({
      scales: z.array(z.number().positive()).min(1).optional(),
      flip: z.boolean().optional(),
      fit,
      overlap: share.optional(),
    })
    .optional(),
});

/** Images with PNGs that number the objects of one class. */
const instances = dense.extend({
  kind: z.literal('instances'),
  train: labelled,
  test: labelled,
  className: z.string().optional(),
});

const annotated = z.strictObject({ images: z.string(), annotations: z.string() });

/** Images with a COCO file of instances. */
const coco = dense.extend({
  kind: z.literal('coco'),
  train: annotated,
  test: annotated,
  /** Whether masks are read. */
  masks: z.boolean().default(true),
  testFraming: shortSide.optional(),
});

const data = z.discriminatedUnion('kind', [classified, semantic, instances, coco]);

/** How channels are chosen; `bcp` is VTC-LFC's bottom-up cascade. */
export const allocatorNames = [
  'uniform',
  'global',
  'macs',
  'params',
  'latency',
  'drop',
  'bcp',
] as const;
/** When channels are scored and chosen. */
export const scheduleNames = ['one-shot', 'iterative', 'cascade', 'cascade-top-down'] as const;

/** Pruning of a trained model. */
const pruning = z.strictObject({
  criterion: part.default({ use: '@kcr/lfc#lfs', options: {} }),
  allocator: z.enum(allocatorNames),
  /** The share to keep, or for `drop` and `bcp` the percentage points that accuracy may drop. */
  budget: z.number().positive().max(100),
  /** Share of the drop that tokens may cost, for `bcp`. */
  rho: share.default(0.35),
  /** Chooses tokens, for `bcp`: makes an adapter from `counts` and these options. Absent: channels alone. */
  tokens: part.optional(),
  schedule: z.enum(scheduleNames).default('one-shot'),
  /** For `iterative`. */
  rounds: count.default(5),
  /** Roles of the dimensions to prune. */
  dims: z.array(z.string()).min(1).default(['qk', 'v', 'hidden']),
  /** Training images to score on. */
  images: count.default(2000),
  /** Training images that `bcp` measures accuracy on. */
  calibrationImages: count.default(5000),
  batchSize: count.default(100),
});

const fields = z.strictObject({
  name: z.string().min(1),
  /** A model by its timm name, with options that differ. */
  model: z.strictObject({
    name: z.string(),
    config: z.record(z.string(), z.unknown()).default({}),
    /** What makes it a dense model: a name among a module's `heads`, with its options. */
    head: z
      .strictObject({
        name: z.string(),
        module: z.string().default('@kcr/detect'),
        config: z.record(z.string(), z.unknown()).default({}),
      })
      .optional(),
  }),
  data,
  seed: z.number().int().default(0),
  /** Layers added to the searched and the compact model, not to the baseline. */
  adapters: z.array(part).default([]),
  /** Training of the dense model, the baseline; absent: none. */
  dense: training.optional(),
  /** Absent: nothing is pruned. */
  search: training
    .extend({
      architectureShare: share.optional(),
      architectureOptimizer: optimizer.optional(),
      /** Classes that the search sees; default all. */
      classes: count.optional(),
    })
    .optional(),
  /** Prunes the dense model after its training; `retrain` then goes on from its weights. */
  prune: pruning.optional(),
  /** Training of the compact model, from scratch or from pruned weights. */
  retrain: training,
  /** How `retrain` learns from a teacher, where there is one. */
  distillation: z
    .strictObject({
      /** `dense` for this run's, a checkpoint folder, or a file of logits; `--teacher` overrides it. */
      teacher: z.string().optional(),
      kind: z.enum(['soft', 'hard']).optional(),
      weight: z.number().positive().optional(),
      temperature: z.number().positive().optional(),
    })
    .default({}),
  /** Retrain again with these plugins instead, by the model's name (compactNoTnn) in the results. */
  ablations: z
    .record(z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'write a name in camelCase'), z.array(part))
    .default({}),
  /** Rank and landmarks of the complexity in the report. */
  complexity: z.strictObject({ rank: z.number().int().nonnegative(), landmarks: count }),
});

const schema = fields.refine((recipe) => !(recipe.prune && recipe.search), {
  path: ['prune'],
  message:
    'prunes a trained model, and `search` chooses channels before training: give one of them',
});

/** A checked recipe, all defaults filled in. */
export type Recipe = z.output<typeof schema>;
/** A recipe as it is written. */
export type RecipeInput = z.input<typeof schema>;
export type TrainingRecipe = Recipe['retrain'];
/** Data of a recipe for a dense task. */
export type DenseData = Exclude<Recipe['data'], ClassifiedData>;
/** Folders of classes. */
export type ClassifiedData = z.output<typeof classified>;
export type PruningRecipe = z.output<typeof pruning>;
export type PruningRecipeInput = z.input<typeof pruning>;
/** A plugin or an adapter as a recipe names it. */
export type RecipePart = z.output<typeof part>;
export type RecipePartInput = z.input<typeof part>;

/** Gives a recipe its type where it is written. */
export const defineRecipe = (recipe: RecipeInput): RecipeInput => recipe;

/**
 * A recipe by name, or from a .json, .js or .mjs file (default export).
 *
 * @throws KcrError `RECIPE_UNKNOWN`, `RECIPE_READ`, `RECIPE_INVALID` with every wrong field
 */
export async function loadRecipe(nameOrPath: string): Promise<Recipe> {
  return parseRecipe(await readRecipe(nameOrPath), nameOrPath);
}

/** Checks a recipe. @throws KcrError `RECIPE_INVALID` */
export const parseRecipe = (input: unknown, where: string): Recipe =>
  parse(schema, input, `recipe ${where}`);

/** Checks the settings of pruning. @throws KcrError `RECIPE_INVALID` */
export const parsePruning = (input: PruningRecipeInput, where: string): PruningRecipe =>
  parse(pruning, input, where);

function parse<T>(type: z.ZodType<T>, input: unknown, where: string): T {
  const parsed = type.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'recipe'}: ${message}`,
  );
  throw new KcrError('RECIPE_INVALID', {
    where,
    found: problems.join('; '),
    fix: 'Correct these fields; docs/recipes.md lists all of them',
  });
}

async function readRecipe(nameOrPath: string): Promise<unknown> {
  const known = recipes[nameOrPath];
  if (known) return known;
  const type = extname(nameOrPath);
  if (!['.json', '.js', '.mjs'].includes(type))
    throw new KcrError('RECIPE_UNKNOWN', {
      where: `recipe "${nameOrPath}"`,
      found: 'no recipe of that name and no .json, .js or .mjs file',
      fix: `Use one of ${Object.keys(recipes).join(', ')}, or a file`,
    });
  try {
    if (type === '.json') return JSON.parse(await readFile(nameOrPath, 'utf8'));
    return (await import(pathToFileURL(resolve(nameOrPath)).href)).default;
  } catch (cause) {
    throw new KcrError('RECIPE_READ', {
      where: nameOrPath,
      found: (cause as Error).message,
      fix: 'Check the path and the syntax of the file',
      cause,
    });
  }
}
