import { join } from 'node:path';
import { type Model, type Plugin, type SearchOptions, taskOf } from '@kcr/core';
import { validationName } from '@kcr/core/internal';
import { loadPlugin } from '../modules.ts';
import { notMeasured } from '../not-measured.ts';
import {
  loadOptimizer,
  type OptimizerRecipe,
  type TrainingRecipe,
} from '../recipes/training-fields.ts';
import { versionsOf } from '../versions.ts';
import type { StageContext } from './stage.ts';

/** What is trained, and how. */
export interface Training {
  /** Name of the stage and of its folder. */
  readonly stage: string;
  readonly model: Model;
  readonly settings: TrainingRecipe & { readonly architectureOptimizer?: OptimizerRecipe };
  /** Besides those of the settings. */
  readonly plugins?: readonly Plugin[];
  /** Others that take part, such as a teacher. */
  readonly models?: readonly Model[];
}

/** Whether all validation images are evaluated after an epoch, and no sample. */
const evaluatesAll = (
  epoch: number,
  { epochs, evaluateEvery = 1, evaluateImages }: Omit<TrainingRecipe, 'plugins' | 'optimizer'>,
): boolean => epoch === epochs || (evaluateImages === undefined && epoch % evaluateEvery === 0);

/**
 * Runs a training of a stage on an engine of its own, which is disposed of afterwards. All processes have its result.
 *
 * @param train `fit` or `search` of `@kcr/core`
 */
export async function runTraining<R>(
  { stage, model, settings, plugins: more = [], models = [] }: Training,
  context: StageContext,
  train: (options: SearchOptions) => Promise<R>,
): Promise<R> {
  const { recipe, data, directory, from, seed, communicator, on } = context;
  const { microBatch, checkpointEvery, cache } = context;
  const { plugins, optimizer, architectureOptimizer, ...training } = settings;
  const { epochs } = training;
  const task = taskOf(model);
  const { metrics } = task;
  let measured = false;
  const own = await Promise.all(plugins.map((part) => loadPlugin(part, from)));
  const optimizers = {
    optimizer: await loadOptimizer(optimizer, from),
    architectureOptimizer:
      architectureOptimizer && (await loadOptimizer(architectureOptimizer, from)),
  };
  await using engine = await context.engine();
  on({ type: 'training', stage, epochs });
  try {
    const result = await train({
      ...training,
      ...optimizers,
      model,
      engine,
      train: data.train,
      validation: data.test,
      seed,
      communicator,
      microBatch,
      checkpointEvery,
      cache,
      plugins: [...own, ...more],
      versions: await versionsOf([model, ...models], [settings, recipe.data], from),
      directory: join(directory, stage),
      onMemory: (report) => on({ type: 'memory', stage, report }),
      onPiece: (report) => on({ type: 'piece', stage, report }),
      onStep: (report) => on({ type: 'step', stage, report }),
      onEpoch(record) {
        on({ type: 'epoch', stage, record, epochs, metrics });
        // Later epochs have the same validation images.
        if (measured || !evaluatesAll(record.epoch!, training)) return;
        measured = true;
        const numberOf = (name: string) => record[validationName(name)];
        for (const message of notMeasured(task, numberOf, data.test.classes))
          on({ type: 'warning', message: `validation: ${message}` });
      },
      onWarning: (message) => on({ type: 'warning', message }),
    });
    // Stages after it read what the first process has written.
    await communicator.barrier();
    return result;
  } finally {
    on({ type: 'trained', stage });
  }
}
