import type { Adapter, Criterion } from '@kcr/core';
import { bottomUpCascade, cascadeCharts } from '@kcr/lfc';
import { loadPart, partMaker } from '../modules.ts';
import type { CascadePruning } from '../recipes/recipe.ts';
import type { Pruned, PruningJob } from './pruning-job.ts';

/** Prunes by VTC-LFC's bottom-up cascade, which goes on where it was. */
export async function pruneByCascade(
  settings: CascadePruning,
  { loaded: { model, weights }, engine, directory, versions, train, from, seed, on }: PruningJob,
): Promise<Pruned> {
  const { criterion, tokenSelector, epsilon, rho, order, batchSize, dims } = settings;
  const make = tokenSelector && (await partMaker<Adapter>(tokenSelector.use, from));
  const { blocks, ...pruned } = await bottomUpCascade({
    model,
    weights,
    engine,
    data: train,
    batchSize,
    dims,
    seed,
    epsilon,
    rho,
    order,
    directory,
    versions,
    criterion: await loadPart<Criterion>(criterion, from),
    tokenSelector: make && ((counts) => make({ ...tokenSelector.options, counts })),
    scoringImages: settings.images,
    calibrationImages: settings.calibrationImages,
    onTry: (report) => on({ type: 'pruning-try', report }),
  });
  return { ...pruned, charts: cascadeCharts(blocks), record: { blocks } };
}
