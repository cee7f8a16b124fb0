import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KcrError, type LineChart, type LoadedModel, type Model, saveModel } from '@kcr/core';
import {
  checkFields,
  type JsonRefusal,
  type RunIdentity,
  requireSameRun,
  runIdentity,
} from '@kcr/core/internal';
import { type LatencyTable, latencyByTable } from '@kcr/onnx';
import { z } from 'zod';
import { readLatencies } from '../latency/latency-file.ts';
import { loadCheckpoint } from '../load-checkpoint.ts';
import { requireFoundAgain } from '../recipes/found-again.ts';
import type { Pruning } from '../recipes/recipe.ts';
import { chartsFields } from '../report/analysis-fields.ts';
import { readSealed, writeSealed } from '../sealed-file.ts';
import { versionsOf } from '../versions.ts';
import { nearlyEmpty } from './nearly-empty.ts';
import { pruneByCascade } from './prune-by-cascade.ts';
import { pruneByScores } from './prune-by-scores.ts';
import type { Pruned, PruningContext, PruningJob } from './pruning-job.ts';

/** The size of a model. */
interface Size {
  readonly params: number;
  readonly macs: number;
}

/** What says how a checkpoint was pruned. */
const FILE = 'prune.json';

/** What `prune.json` says of a pruned checkpoint. */
interface PruningFile {
  /** What it is; pruning again into the folder needs the same. */
  readonly identity: object;
  /** SHA-256 of the checkpoint's files; absent where pruning has not come to its end. */
  readonly files?: readonly (string | undefined)[];
  readonly before: Size;
  readonly after: Size;
  readonly charts?: readonly LineChart[];
}

const fileFields = z.looseObject({
  identity: z.record(z.string(), z.unknown()),
  files: z.array(z.string().nullable()).optional(),
  charts: chartsFields.optional(),
});

const refusal = {
  code: 'STATE_DAMAGED',
  fix: 'Delete the folder, or choose another, and prune again',
} satisfies JsonRefusal;

/** Of a `prune.json` what is read back. @throws KcrError `STATE_DAMAGED` */
export const readPruning = async (path: string): Promise<z.output<typeof fileFields>> =>
  checkFields(fileFields, await readSealed(path), path, refusal);

/** Prunes by the method that the settings name. */
const byMethod = (settings: Pruning, job: PruningJob): Promise<Pruned> =>
  settings.method === 'scores' ? pruneByScores(settings, job) : pruneByCascade(settings, job);

/**
 * The model of a folder in which pruning came to its end, unless its checkpoint was damaged since.
 *
 * @throws KcrError `RESUME_MISMATCH` where it was pruned otherwise, `STATE_DAMAGED`; `OUT_EXISTS` for a checkpoint that was not
 *   made by pruning
 */
async function finishedBefore(
  directory: string,
  identity: RunIdentity,
  options: Pick<PruningContext, 'trust' | 'from'>,
): Promise<LoadedModel | undefined> {
  const path = join(directory, FILE);
  if (!existsSync(path)) {
    if (!existsSync(join(directory, 'model.json'))) return undefined;
    throw new KcrError('OUT_EXISTS', {
      where: directory,
      found: 'a checkpoint that was not made by pruning',
      fix: 'Choose another output folder',
    });
  }
  const saved = await readPruning(path);
  requireSameRun(path, saved.identity, identity);
  const whole = saved.files && (await checkpointDigests(directory)).join() === saved.files.join();
  return whole ? loadCheckpoint(directory, options) : undefined;
}

/**
 * Prunes a trained model into a folder, as a checkpoint with `prune.json`. A folder where that is done already is
 * read, unless its checkpoint was damaged since: that is made again. A cascade that was interrupted goes on.
 *
 * @throws KcrError `RESUME_MISMATCH`, `STATE_DAMAGED`, `OUT_EXISTS`, and those of pruning
 */
export async function pruneInto(
  directory: string,
  loaded: LoadedModel,
  settings: Pruning,
  { train, engine: makeEngine, from, seed, on, trust }: PruningContext,
): Promise<LoadedModel> {
  const { model, weights, info } = loaded;
  const path = join(directory, FILE);
  const latencies = await givenLatencies(settings, model);
  const versions = await versionsOf([model], settings, from);
  const identity = await runIdentity({
    stage: 'prune',
    model,
    data: { train },
    weights: { initial: weights },
    extensions: [],
    versions,
    options: {
      ...settings,
      seed,
      ...(latencies ? { latencyTable: digestOf(JSON.stringify(latencies)) } : {}),
    },
  });
  const finished = await finishedBefore(directory, identity, { trust, from });
  if (finished) return finished;
  await using engine = await makeEngine();
  const images = Math.min(settings.images, train.length);
  on({ type: 'pruning', criterion: settings.criterion.use, images });
  const job = { versions, loaded, engine, directory, train, from, seed, on, latencies };
  const { charts, record, ...pruned } = await byMethod(settings, job);
  const message = nearlyEmpty(model, pruned.model.kept);
  if (message) on({ type: 'warning', message });
  await requireFoundAgain(pruned.model, from);
  // Before the checkpoint, so that what is interrupted from here on is done again.
  await writeSealed(path, { identity });
  await saveModel(directory, pruned.model, pruned.weights, info);
  const file: PruningFile = {
    identity,
    files: await checkpointDigests(directory),
    before: sizeOf(loaded),
    after: sizeOf(pruned),
    charts,
    ...record,
  };
  await writeSealed(path, file);
  return { ...pruned, info };
}

const digestOf = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The table of latencies that the settings name, of this model. @throws KcrError `LATENCY_TABLE` */
async function givenLatencies(settings: Pruning, model: Model): Promise<LatencyTable | undefined> {
  if (settings.method !== 'scores' || settings.latencyTable === undefined) return undefined;
  const table = await readLatencies(settings.latencyTable);
  latencyByTable(table, model);
  return table;
}

/** SHA-256 of what makes a checkpoint; nothing for what is not there. */
const checkpointDigests = (directory: string): Promise<(string | undefined)[]> =>
  Promise.all(
    ['model.json', 'model.safetensors'].map(async (name) => {
      const bytes = await readFile(join(directory, name)).catch(() => undefined);
      return bytes && digestOf(bytes);
    }),
  );

/** Parameters, and multiply-accumulates for one image. */
export const sizeOf = ({ model }: Pick<LoadedModel, 'model'>): Size => ({
  params: model.parameterCount,
  macs: model.macs.total,
});
