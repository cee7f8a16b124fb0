import { didYouMean, normalizationFields } from '@kcr/core/internal';
import { z } from 'zod';
import type { ClassFoldersInput } from '../data/class-folders.ts';
import type { ClassMapsInput } from '../data/class-maps.ts';
import type { CocoObjectsInput } from '../data/coco-objects.ts';
import { dataKinds, findDataKind } from '../data/data-kinds.ts';
import type { NumberedObjectsInput } from '../data/numbered-objects.ts';
import { allocators } from '../pruning/allocators.ts';
import { CONTROLS } from '../pruning/controls.ts';
import { schedules } from '../pruning/schedules.ts';
import { count, named, part, pluginPart, share } from './fields.ts';
import { inField } from './in-field.ts';
import { consistent, optimizer, trainingFields } from './training-fields.ts';

/** What all kinds of data have. */
const dataFields = z.looseObject({
  /** A name of {@link dataKinds}, or MODULE#EXPORT. */
  kind: z
    .string()
    .refine((kind) => Object.hasOwn(dataKinds, kind) || kind.includes('#'), {
      error: ({ input }) =>
        `${didYouMean(String(input), Object.keys(dataKinds), 'write one of')}, or MODULE#EXPORT`,
    })
    .default('classes'),
  /** Folder that the other paths are in. */
  root: z.string().optional(),
  normalization: normalizationFields.optional(),
});

/** The other fields are checked by the kind, which gives `options`. */
const dataFrom = (from?: string) =>
  dataFields.transform(async ({ kind, root, normalization, ...fields }, context) => {
    const found = await inField('data.kind', () => findDataKind(kind, from));
    const result = await found.schema['~standard'].validate(fields);
    for (const { path = [], message } of result.issues ?? []) {
      const keys = path.map((at) => (typeof at === 'object' ? at.key : at));
      context.addIssue({ code: 'custom', message, path: keys });
    }
    return { kind, root, normalization, options: result.issues ? undefined : result.value };
  });

/** What both ways of pruning a trained model need. */
const pruningFields = z.strictObject({
  /** Scores channels. */
  criterion: part.default({ use: '@kcr/lfc#lfs', options: {} }),
  /** Roles of the dimensions to prune. */
  dims: z.array(z.string()).min(1).default(['qk', 'v', 'hidden']),
  /** Training images to score on. */
  images: count.default(2000),
  batchSize: count.default(100),
});

const budget = z.number().positive().max(100);

/** An allocator chooses channels by their scores, when a schedule says. */
const byScores = pruningFields.extend({
  method: z.literal('scores'),
  allocator: named(allocators),
  /** The share to keep, or for `drop` the points that accuracy may drop; of allocators by name. */
  budget: budget.optional(),
  /** Counts of channels are multiples of this, of allocators by name: 16 for convolutions on a CPU. */
  align: count.default(1),
  /** Whether heads stay as they are or go whole, of allocators by name. */
  wholeHeads: z.boolean().default(false),
  /** Of `latency`: a file that `kcr latency --out` wrote, of this machine or another. Absent: measured here. */
  latencyTable: z.string().min(1).optional(),
  schedule: named(schedules).default('one-shot'),
  /** For `iterative`. */
  rounds: count.default(5),
});

/** VTC-LFC's bottom-up cascade: block by block, as much as costs little accuracy. */
const byCascade = pruningFields.extend({
  method: z.literal('bottom-up-cascade'),
  /** Percentage points that accuracy may drop in all. */
  epsilon: budget,
  /** Share of the drop that tokens may cost. */
  rho: share.default(0.35),
  /** Chooses tokens: makes an adapter from `counts` and these options. Absent: channels alone. */
  tokenSelector: part.optional(),
  order: z.enum(['bottom-up', 'top-down']).default('bottom-up'),
  /** Training images to measure accuracy on. */
  calibrationImages: count.default(5000),
});

/** Pruning of a trained model; without a `method` by scores. */
export const pruningSchema = z.preprocess(
  (value) => (typeof value === 'object' ? { method: 'scores', ...value } : value),
  z
    .discriminatedUnion('method', [byScores, byCascade])
    .refine(
      (pruning) =>
        pruning.method !== 'scores' ||
        (typeof pruning.allocator === 'string') === (pruning.budget !== undefined),
      {
        path: ['budget'],
        message: 'is needed by allocators of a name, and part of the options of others',
      },
    ),
);

/** Whose weights a stage starts from: those that an earlier one has left, those from elsewhere, or new ones. */
export type Initial = 'dense' | 'search' | 'pretrained' | 'scratch';

/** Folders of a run that are not of its ablations. */
const TAKEN: readonly string[] = [
  ...['dense', 'search', 'pruned', 'compact', 'pictures'],
  ...CONTROLS.flatMap((name) => [name, `${name}Pruned`]),
];

const ablationName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]*$/, 'write a name in camelCase')
  .refine((name) => !TAKEN.includes(name), {
    message: `is another folder of the run, as are ${TAKEN.join(', ')}`,
  });

/** @param from URL of the file that the recipe is in: names of modules are resolved from it. Absent: from the process's folder */
export const recipeSchema = (from?: string) =>
  z
    .strictObject({
      name: z.string().min(1),
      /** A model by its timm name or MODULE#NAME, with options that differ. */
      model: z.strictObject({
        name: z.string(),
        /** Weights from elsewhere that stages may start from: a checkpoint of any kind, see `loadCheckpoint`. */
        pretrained: z.string().min(1).optional(),
        config: z.record(z.string(), z.unknown()).default({}),
        /** What makes it another model than a classifier: a name among a module's `heads`, with its options. */
        head: z
          .strictObject({
            name: z.string(),
            module: z.string().default('@kcr/detect'),
            config: z.record(z.string(), z.unknown()).default({}),
          })
          .optional(),
      }),
      data: dataFrom(from),
      seed: z.number().int().default(0),
      /** Layers added to the searched and the compact model, not to the baseline. */
      adapters: z.array(part).default([]),
      /** Training of the dense model, the baseline; absent: none. */
      dense: consistent(
        trainingFields.extend({
          /**
           * Default: `scratch`. Where weights from elsewhere are given: they are the dense model's, if they have its classifier;
           * and `pretrained` if not.
           */
          initial: z.enum(['pretrained', 'scratch']).optional(),
        }),
      ).optional(),
      /** Absent: nothing is pruned. */
      search: consistent(
        trainingFields.extend({
          architectureShare: z.number().positive().lt(1).optional(),
          architectureOptimizer: optimizer.optional(),
          /** How many classes the search sees, drawn by the seed; default all. */
          classes: count.optional(),
          initial: z.enum(['dense', 'pretrained', 'scratch']).default('scratch'),
          /** Train the masks alone, on weights that stay as the dense model has them. */
          freezeWeights: z.boolean().optional(),
        }),
      )
        .refine(({ initial, freezeWeights }) => !freezeWeights || initial !== 'scratch', {
          path: ['freezeWeights'],
          message: "needs trained weights: give `initial: 'dense'` or `'pretrained'`",
        })
        .refine(
          ({ freezeWeights, freeze, trainable }) => !freezeWeights || !(freeze || trainable),
          {
            path: ['freezeWeights'],
            message: 'freezes all: leave `freeze` and `trainable` out',
          },
        )
        .optional(),
      /** Prunes the dense model after its training; `retrain` then goes on from its weights. */
      prune: pruningSchema.optional(),
      /** Training of the compact model, from scratch or from pruned weights: after `prune` always from these. */
      retrain: consistent(
        trainingFields.extend({
          initial: z.enum(['dense', 'search', 'pretrained', 'scratch']).default('scratch'),
        }),
      ),
      /** Retrain other choices of as many channels too, as models of these names. */
      controls: z.array(z.enum(CONTROLS)).default([]),
      /** How `retrain` learns from a teacher, where there is one. */
      distillation: z
        .strictObject({
          /** `dense` for this run's, a checkpoint folder, or a file of logits. */
          teacher: z.string().optional(),
          kind: z.enum(['soft', 'hard']).optional(),
          weight: z.number().positive().optional(),
          temperature: z.number().positive().optional(),
        })
        .default({}),
      /** Retrain again with these plugins instead, by the model's name (compactNoTnn) in the results. */
      ablations: z.record(ablationName, z.array(pluginPart)).default({}),
      /** What is measured of each model at the end, besides accuracy, size and latency. */
      analyses: z.array(part).default([]),
      /** Short for the analyses of KCR and DCS, with KCR's rank and landmarks. */
      complexity: z
        .strictObject({ rank: z.number().int().nonnegative(), landmarks: count })
        .optional(),
    })
    .refine((recipe) => !(recipe.prune && recipe.search), {
      path: ['prune'],
      message:
        'prunes a trained model, and `search` chooses channels before training: give one of them',
    })
    .refine(({ search, controls }) => search || controls.length === 0, {
      path: ['controls'],
      message: 'are beside the choice of a `search`',
    })
    .refine(({ search, retrain }) => search || retrain.initial !== 'search', {
      path: ['retrain', 'initial'],
      message: 'is of a `search`, which the recipe has not',
    })
    .transform(({ complexity, analyses, ...recipe }) => ({
      ...recipe,
      from,
      analyses: complexity ? [...methodAnalyses(complexity), ...analyses] : analyses,
    }));

const methodAnalyses = (options: { rank: number; landmarks: number }) => [
  { use: '@kcr/nystrom#complexityAnalysis', options },
  { use: '@kcr/ib-bound#bottleneckAnalysis', options: {} },
];

/** A checked recipe, all defaults filled in. */
export interface Recipe extends z.output<ReturnType<typeof recipeSchema>> {}

/** Data of a recipe as they are written. */
type DataInput = Pick<z.input<typeof dataFields>, 'root' | 'normalization'> &
  (
    | ClassFoldersInput
    | ClassMapsInput
    | NumberedObjectsInput
    | CocoObjectsInput
    | ({ kind: `${string}#${string}` } & Record<string, unknown>)
  );

/** A recipe as it is written. */
export interface RecipeInput
  extends Omit<z.input<ReturnType<typeof recipeSchema>>, 'data' | 'prune'> {
  data: DataInput;
  prune?: PruningInput;
}

/** Pruning of a trained model, checked. */
export type Pruning = z.output<typeof pruningSchema>;
export type ScorePruning = Extract<Pruning, { method: 'scores' }>;
export type CascadePruning = Extract<Pruning, { method: 'bottom-up-cascade' }>;
/** Pruning of a trained model as it is written. */
export type PruningInput =
  | (Omit<z.input<typeof byScores>, 'method'> & { method?: 'scores' })
  | z.input<typeof byCascade>;
/** An extension as a recipe writes it. */
export type PartInput = z.input<typeof part>;

/** Gives a recipe its type where it is written. */
export const defineRecipe = (recipe: RecipeInput): RecipeInput => recipe;
