import { join } from 'node:path';
import { accuracyOf, type LoadedModel, noClasses, requireClasses, taskOf } from '@kcr/core';
import { labelled } from './data/labelled.ts';
import { engineMaker, type MakeEngine } from './engine.ts';
import type { OnEvent } from './events.ts';
import { loadCheckpoint, type ReadAs } from './load-checkpoint.ts';
import { openRun } from './out/open-run.ts';
import { pruneInto, readPruning, sizeOf } from './pruning/prune-into.ts';
import { parsePruning } from './recipes/parse-recipe.ts';
import type { PruningInput } from './recipes/recipe.ts';
import { pruningModules } from './recipes/recipe-modules.ts';
import { writePruningReport } from './report/pruning-report.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';

export interface PruneOptions extends ReadAs {
  /** Training images, one folder per class. */
  data: string;
  /** The pruned checkpoint; an interrupted cascade goes on. */
  out: string;
  /** How, as in a recipe's `prune`. */
  pruning: PruningInput;
  /** Images to measure the accuracy on, before and after. */
  test?: string;
  /** Size of the centre crop. Default: the checkpoint's. */
  cropRatio?: number;
  /** Of the samples. Default 0. */
  seed?: number;
  /** Makes the engines. Default: {@link engineMaker}'s. */
  engine?: MakeEngine;
  on?: OnEvent;
}

/** A model before or after pruning. */
export interface MeasuredModel {
  readonly params: number;
  /** Multiply-accumulates for one image, attention included. */
  readonly macs: number;
  /** On the test images, where there are any. */
  readonly top1?: number;
}

export interface PruneResult {
  readonly before: MeasuredModel;
  readonly after: MeasuredModel;
  readonly macsShare: number;
  /** Folder of the pruned checkpoint. */
  readonly checkpoint: string;
}

/**
 * Takes channels, and with the cascade tokens, out of a trained model; `report.html` beside the checkpoint shows it.
 *
 * @param checkpoint of any kind, see `loadCheckpoint`
 * @throws KcrError `CHECKPOINT_*`, `RECIPE_INVALID`, `OUT_*`, `TASK_CLASSES` for images without a class, and those of pruning
 */
export async function prune(checkpoint: string, options: PruneOptions): Promise<PruneResult> {
  const { cropRatio, seed = 0, engine = engineMaker(), on = () => {}, out } = options;
  const loaded = await loadCheckpoint(checkpoint, options);
  requireClasses(loaded.model, checkpoint);
  const pruning = await parsePruning(options.pruning, 'prune');
  const trust = [...(options.trust ?? []), ...pruningModules(pruning)];
  const task = taskOf(loaded.model);
  if (!task.targets) noClasses(options.data, task);
  const kit = await findTaskKit(loaded.model);
  const read = async (data: string) =>
    labelled(await kit.evaluationData(loaded, { data, cropRatio }, on), task);
  const train = await read(options.data);
  const test = options.test === undefined ? undefined : await read(options.test);
  await using _opened = await openRun(out);
  const pruned = await pruneInto(out, loaded, pruning, { train, engine, seed, on, trust });
  const measure = async (measured: LoadedModel): Promise<MeasuredModel> => {
    const size = sizeOf(measured);
    if (!test) return size;
    await using own = await engine();
    return { ...size, top1: await accuracyOf(own, measured, test, pruning.batchSize) };
  };
  const [before, after] = [await measure(loaded), await measure(pruned)];
  const { charts = [] } = await readPruning(join(out, 'prune.json'));
  const title = `${loaded.model.architecture.name}, pruned by ${pruning.criterion.use}`;
  await writePruningReport(out, title, { before, after, charts });
  return { before, after, macsShare: after.macs / before.macs, checkpoint: out };
}
