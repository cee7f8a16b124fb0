import { type Optimizer, type OptimizerOptions, optimizers } from '@kcr/core';
import { clipModes } from '@kcr/core/internal';
import { z } from 'zod';
import { loadPart } from '../modules.ts';
import { count, named, pluginPart, properShare, share } from './fields.ts';

/** The constants of all optimisers; which of them one has is checked below. */
const constants = {
  weightDecay: z.number().nonnegative().optional(),
  betas: z.tuple([properShare, properShare]).optional(),
  eps: z.number().positive().optional(),
  momentum: properShare.optional(),
  nesterov: z.boolean().optional(),
  maxGradNorm: z.number().positive().nullable().optional(),
  biasCorrection: z.boolean().optional(),
  trustClip: z.boolean().optional(),
  alwaysAdapt: z.boolean().optional(),
  decoupledDecay: z.boolean().optional(),
};

/** An optimiser with its learning rates. */
export const optimizer = z
  .strictObject({
    /** Default `adamw`; a part makes an optimiser from its options. */
    name: named(optimizers).optional(),
    lr: z.number().positive(),
    minLr: z.number().nonnegative().optional(),
    warmupEpochs: z.number().nonnegative().optional(),
    decay: z
      .union([z.enum(['cosine', 'linear']), z.strictObject({ milestones: z.array(share) })])
      .optional(),
    layerDecay: z.number().positive().max(1).optional(),
    /** Factors of the learning rate, by the paths of a model's parameters. */
    lrFactors: z.record(z.string(), z.number().positive()).optional(),
    ...constants,
  })
  .superRefine((chosen, context) => {
    const { name = 'adamw' } = chosen;
    const own = typeof name === 'string' ? Object.keys(optimizers[name]({}).options ?? {}) : [];
    for (const key of Object.keys(constants))
      if (chosen[key as keyof typeof constants] !== undefined && !own.includes(key))
        context.addIssue({
          code: 'custom',
          path: [key],
          message:
            typeof name === 'string'
              ? `is nothing of ${name}, which has ${own.join(', ')}`
              : 'stands among the options of the part',
        });
  });

const paths = z.array(z.string().min(1));

/** What every training has. */
export const trainingFields = z.strictObject({
  epochs: count,
  batchSize: count,
  /** Batches that one update is made of. */
  accumulate: count.optional(),
  /** Compute values of the forward pass again for the gradients, instead of keeping them. */
  recompute: z.boolean().optional(),
  /** Normalise by the images of all processes that train together, in batch norms. */
  syncBatchNorm: z.boolean().optional(),
  optimizer,
  labelSmoothing: properShare.optional(),
  clipGrad: z.number().positive().optional(),
  clipMode: z.enum(clipModes).optional(),
  emaDecay: properShare.optional(),
  augRepeats: count.optional(),
  /** Epochs from one evaluation to the next; after the last one there is one. */
  evaluateEvery: count.optional(),
  /** Test images that are evaluated before the last epoch. */
  evaluateImages: count.optional(),
  /** Parts of the model that stay as they are, by path, */
  freeze: paths.optional(),
  /** or the only ones that are trained. */
  trainable: paths.optional(),
  plugins: z.array(pluginPart).default([]),
});

/** Refuses fields of a training that are of no use without another, or beside one. */
export const consistent = <T extends z.ZodType<Partial<z.output<typeof trainingFields>>>>(
  fields: T,
) =>
  fields
    .refine(({ clipGrad, clipMode }) => !clipMode || clipGrad !== undefined, {
      path: ['clipMode'],
      message: 'says what `clipGrad` is the largest of: give that too',
    })
    .refine(({ freeze, trainable }) => !(freeze && trainable), {
      path: ['trainable'],
      message: 'says all that `freeze` would: give one of them',
    });

/** Training of a model. */
const training = consistent(trainingFields);

export type TrainingRecipe = z.output<typeof training>;
export type OptimizerRecipe = z.output<typeof optimizer>;

/** An optimiser as `@kcr/core` takes it; one that is a part is made. @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN` */
export async function loadOptimizer(
  { name, ...more }: OptimizerRecipe,
  from?: string,
): Promise<OptimizerOptions> {
  if (typeof name !== 'object') return { ...more, name };
  return { ...more, name: await loadPart<Optimizer>(name, from) };
}
