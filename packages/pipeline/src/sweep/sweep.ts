import { z } from 'zod';
import { count, positiveShare } from '../recipes/fields.ts';
import type { RecipeInput } from '../recipes/recipe.ts';

/** Numbers from one to another, both among them, that are drawn. */
const range = z
  .strictObject({
    from: z.number(),
    to: z.number(),
    /** `log`: each power of ten is as likely as the others. */
    scale: z.enum(['linear', 'log']).default('linear'),
    /** Whole numbers alone. */
    integer: z.boolean().default(false),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'is above `from`' })
  .refine(({ from, scale }) => scale === 'linear' || from > 0, {
    path: ['from'],
    message: 'is above 0 where the scale is log',
  })
  .refine(({ from, to, integer }) => !integer || (Number.isInteger(from) && Number.isInteger(to)), {
    path: ['integer'],
    message: 'needs whole numbers in `from` and `to`',
  });

const different = (values: readonly unknown[]): boolean =>
  new Set(values.map((value) => JSON.stringify(value))).size === values.length;

const list = z.array(z.json()).min(1).refine(different, { message: 'has a value twice' });

const isRange = (parameter: z.output<typeof list> | Range): parameter is Range =>
  !Array.isArray(parameter);

const seed = z.number().int().default(0);

/** A number of a recipe that says for how many epochs a training goes on, by its path. */
const strategy = z.discriminatedUnion('kind', [
  /** All combinations of the values. */
  z.strictObject({ kind: z.literal('grid') }),
  /** So many settings, drawn by a seed. */
  z.strictObject({ kind: z.literal('random'), trials: count, seed }),
  /** Many settings for few epochs, the best of them again for more (Jamieson and Talwalkar 2016, Li et al. 2018). */
  z
    .strictObject({
      kind: z.literal('halving'),
      /** What is set to the epochs: a path of the recipe. */
      epochs: z.string().min(1),
      minEpochs: count,
      maxEpochs: count,
      /** One of so many settings goes on, for so many times as long. */
      factor: z.number().int().min(2).default(3),
      /** Settings of the first rung, where there is one bracket. Default: as many as leave one at the last. */
      trials: count.optional(),
      /** How many of Hyperband's brackets, from the one that stops earliest on. */
      brackets: count.default(1),
      seed,
    })
    .refine(({ minEpochs, maxEpochs }) => minEpochs <= maxEpochs, {
      path: ['maxEpochs'],
      message: 'is not below `minEpochs`',
    })
    .refine(({ trials, brackets }) => trials === undefined || brackets === 1, {
      path: ['trials'],
      message: 'is of one bracket: Hyperband says how many its brackets have',
    }),
]);

/** Names of sweeps are those of jobs too. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** What a sweep is, as its file says it. */
export const sweepSchema = z
  .strictObject({
    name: z.string().regex(NAME, 'write letters, digits, dots, dashes, e.g. kcr-eta'),
    /** A recipe by name or file (from the sweep's own), or one as it is written. */
    recipe: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
    /** What all trials have instead of what the recipe says, by dotted paths. */
    set: z.record(z.string(), z.json()).default({}),
    /** What is tried, by dotted paths: values, or a range to draw from. */
    parameters: z.record(z.string(), z.union([list, range])),
    strategy: strategy.default({ kind: 'grid' }),
    /** Cross-validation on the training images. Absent: trials are measured on the test images. */
    folds: z
      .strictObject({
        count: count.min(2),
        seed,
        /** Share of each class's training images that takes part. */
        share: positiveShare.default(1),
      })
      .optional(),
    /** Each setting is tried with all of them. Default: the recipe's. */
    seeds: z
      .array(z.number().int())
      .min(1)
      .refine(different, { message: 'has a value twice' })
      .optional(),
    /** What is best: a number of the run's summary, `MODEL.NUMBER`. */
    metric: z.strictObject({
      path: z.string().regex(/^[^.]+\.[^.]+$/, 'write MODEL.NUMBER, e.g. compact.top1'),
      goal: z.enum(['max', 'min']),
    }),
  })
  .refine(({ parameters }) => Object.keys(parameters).length > 0, {
    path: ['parameters'],
    message: 'has nothing to try',
  })
  .superRefine(({ parameters, set, strategy: chosen }, context) => {
    for (const [path, values] of Object.entries(parameters)) {
      if (Object.hasOwn(set, path))
        context.addIssue({ code: 'custom', path: ['set', path], message: 'is a parameter too' });
      if (chosen.kind === 'grid' && isRange(values))
        context.addIssue({
          code: 'custom',
          path: ['parameters', path],
          message:
            "is a range, and a grid has values: list them, or use `strategy: { kind: 'random' }`",
        });
      if (chosen.kind === 'halving' && chosen.epochs === path)
        context.addIssue({
          code: 'custom',
          path: ['parameters', path],
          message: 'is what halving sets',
        });
    }
  });

/** A range of numbers. */
export type Range = z.output<typeof range>;
/** Values of a parameter. */
type Values = z.output<typeof list>;
/** What is tried of one path. */
export type Parameter = Values | Range;
/** Values by dotted paths: one setting of the parameters. */
export type Point = Readonly<Record<string, Values[number]>>;
/** A checked sweep, all defaults filled in. */
export type Sweep = z.output<typeof sweepSchema>;
export type HalvingStrategy = Extract<Sweep['strategy'], { kind: 'halving' }>;
/** A sweep as it is written. */
export interface SweepInput extends Omit<z.input<typeof sweepSchema>, 'recipe'> {
  recipe: string | RecipeInput;
}

/** A recipe as JSON has it, unchecked. */
export type WrittenRecipe = Readonly<Record<string, unknown>>;

/** A sweep with its recipe, ready for trials. */
export interface LoadedSweep {
  readonly sweep: Sweep;
  /** Its recipe as it is written, with what the sweep sets for all trials. */
  readonly recipe: WrittenRecipe;
  /** URL of the file that the recipe is in: names of modules are resolved from it. Absent: from the process's folder. */
  readonly from?: string;
}

/** Gives a sweep its type where it is written. */
export const defineSweep = (sweep: SweepInput): SweepInput => sweep;
