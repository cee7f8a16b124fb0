import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  KcrError,
  type LineChart,
  type LoadedModel,
  requireSameRun,
  runIdentity,
  saveModel,
  writeAtomic,
} from '@kcr/core';
import { loadCheckpoint } from '../load-checkpoint.ts';
import type { Pruning } from '../recipes/recipe.ts';
import { pruneByCascade } from './prune-by-cascade.ts';
import { pruneByScores } from './prune-by-scores.ts';
import type { Pruned, PruningContext, PruningJob } from './pruning-job.ts';

/** The size of a model. */
interface Size {
  readonly params: number;
  readonly macs: number;
}

/** What `prune.json` says of a pruned checkpoint. */
export interface PruningFile {
  /** What it is; pruning again into the folder needs the same. */
  readonly identity: object;
  readonly before: Size;
  readonly after: Size;
  readonly charts?: readonly LineChart[];
}

/** Prunes by the method that the settings name. */
const byMethod = (settings: Pruning, job: PruningJob): Promise<Pruned> =>
  settings.method === 'scores' ? pruneByScores(settings, job) : pruneByCascade(settings, job);

/**
 * Prunes a trained model into a folder, as a checkpoint with `prune.json`. A folder where that is done already is
 * read; a cascade that was interrupted goes on.
 *
 * @throws KcrError `RESUME_MISMATCH`, `OUT_EXISTS`, and those of pruning
 */
export async function pruneInto(
  directory: string,
  loaded: LoadedModel,
  settings: Pruning,
  { train, engine: makeEngine, seed, on }: PruningContext,
): Promise<LoadedModel> {
  const { model, weights, info } = loaded;
  const path = join(directory, 'prune.json');
  const identity = await runIdentity({
    stage: 'prune',
    model,
    data: { train },
    weights: { initial: weights },
    extensions: [],
    options: { ...settings, seed },
  });
  if (existsSync(path)) {
    const file = JSON.parse(await readFile(path, 'utf8')) as PruningFile;
    requireSameRun(path, file.identity, identity);
    return loadCheckpoint(directory);
  }
  if (existsSync(join(directory, 'model.json')))
    throw new KcrError('OUT_EXISTS', {
      where: directory,
      found: 'a checkpoint that was not made by pruning',
      fix: 'Choose another output folder',
    });
  await using engine = await makeEngine();
  const images = Math.min(settings.images, train.length);
  on({ type: 'pruning', criterion: settings.criterion.use, images });
  const job = { loaded, engine, directory, train, seed, on };
  const { charts, record, ...pruned } = await byMethod(settings, job);
  await saveModel(directory, pruned.model, pruned.weights, info);
  const file: PruningFile = {
    identity,
    before: sizeOf(loaded),
    after: sizeOf(pruned),
    charts,
    ...record,
  };
  await writeAtomic(path, `${JSON.stringify(file, null, 1)}\n`);
  return { ...pruned, info };
}

/** Parameters, and multiply-accumulates for one image. */
export const sizeOf = ({ model }: Pick<LoadedModel, 'model'>): Size => ({
  params: model.parameterCount,
  macs: model.macs.total,
});
