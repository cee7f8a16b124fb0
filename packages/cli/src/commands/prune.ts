import { join } from 'node:path';
import { accuracyOf, type Engine, KcrError, type LoadedModel } from '@kcr/core';
import type { Target } from '@kcr/onnx';
import { createEngine, type EngineName } from '../engine.ts';
import { printResult } from '../output.ts';
import { pruneInto } from '../pruning.ts';
import { type PruningRecipe, type PruningRecipeInput, parsePruning } from '../recipe.ts';
import { checkpointImages, loadCheckpoint } from '../sources.ts';

/** Criteria by the names that the command takes. */
export const criteria: Readonly<Record<string, string>> = {
  lfs: '@kcr/lfc#lfs',
  magnitude: '@kcr/criteria#magnitude',
  'ntk-sap': '@kcr/criteria#ntkSap',
  random: '@kcr/criteria#random',
  slim: '@kcr/criteria#slim',
  taylor: '@kcr/criteria#taylor',
};

export interface PruneOptions
  extends Pick<PruningRecipeInput, 'allocator' | 'schedule' | 'rounds' | 'rho' | 'images'> {
  data: string;
  out: string;
  test?: string;
  criterion: string;
  criterionOptions: object;
  budget: number;
  tokens: boolean;
  dims?: string[];
  calibrationImages: number;
  batchSize: number;
  cropRatio?: number;
  seed: number;
  engine: EngineName;
  device: Target;
  json?: boolean;
}

/** The settings that the options say. @throws KcrError `OPTION`, `RECIPE_INVALID` */
function settingsOf(options: PruneOptions, { model }: LoadedModel): PruningRecipe {
  const { allocator, budget, rho, schedule, rounds, images, batchSize, dims } = options;
  const use = criteria[options.criterion] ?? options.criterion;
  if (!use.includes('#'))
    throw new KcrError('OPTION', {
      where: '--criterion',
      found: options.criterion,
      fix: `Use one of ${Object.keys(criteria).join(', ')}, or MODULE#EXPORT`,
    });
  const selects = allocator === 'bcp' && options.tokens && model.architecture.tokens === 'set';
  return parsePruning(
    {
      allocator,
      budget,
      rho,
      schedule,
      rounds,
      images,
      batchSize,
      dims,
      calibrationImages: options.calibrationImages,
      criterion: { use, options: options.criterionOptions as Record<string, unknown> },
      tokens: selects ? { use: '@kcr/lfc#lfe' } : undefined,
    },
    'the command line',
  );
}

/** `kcr prune`: takes channels, and with the cascade tokens, out of a trained model. */
export async function pruneCommand(checkpoint: string, options: PruneOptions): Promise<void> {
  const loaded = await loadCheckpoint(checkpoint);
  const settings = settingsOf(options, loaded);
  const { cropRatio } = options;
  const train = await checkpointImages(loaded, options.data, { cropRatio });
  const test = options.test && (await checkpointImages(loaded, options.test, { cropRatio }));
  const engine = (): Promise<Engine> => createEngine(options.engine, options.device);
  const context = { train, createEngine: engine, seed: options.seed };
  const pruned = await pruneInto(options.out, loaded, settings, context);
  const measure = async (measured: LoadedModel) => {
    const { model, weights } = measured;
    const on = await engine();
    const top1 = test && (await accuracyOf(on, { model, weights }, test, options.batchSize));
    await on.dispose();
    return { params: model.parameterCount, macs: model.macs.total, ...(test ? { top1 } : {}) };
  };
  const [before, after] = [await measure(loaded), await measure(pruned)];
  const share = after.macs / before.macs;
  printResult(
    { before, after, macsShare: share, checkpoint: join(options.out) },
    options.json ?? false,
  );
}
