import {
  compileInference,
  evaluateTask,
  type LoadedModel,
  requireClasses,
  taskOf,
} from '@kcr/core';
import { openExported } from '@kcr/onnx';
import { engineMaker, type MakeEngine } from './engine.ts';
import type { OnEvent } from './events.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';
import type { EvaluationData } from './tasks/task-kit.ts';

export interface CheckExportOptions {
  /** Images at once. Default 64. */
  readonly batchSize?: number;
  /** Makes the engine that runs the checkpoint. Default: {@link engineMaker}'s. */
  readonly engine?: MakeEngine;
  readonly on?: OnEvent;
}

/** The numbers of a task, of a checkpoint and of the file that was made of it. */
export interface ExportCheck {
  /** Images. */
  readonly n: number;
  readonly checkpoint: Readonly<Record<string, number>>;
  readonly file: Readonly<Record<string, number>>;
}

/**
 * How good a checkpoint is on images, and how good an exported file in ONNX Runtime is on the same.
 *
 * @throws KcrError `TASK_CLASSES`, `ONNX_SESSION`, and those of reading the data
 */
export async function checkExport(
  loaded: LoadedModel,
  bytes: Uint8Array,
  request: EvaluationData,
  options: CheckExportOptions = {},
): Promise<ExportCheck> {
  const { batchSize = 64, engine: makeEngine = engineMaker(), on = () => {} } = options;
  const { model, weights } = loaded;
  requireClasses(model, model.architecture.name);
  const task = taskOf(model);
  const kit = await findTaskKit(model);
  const data = await kit.evaluationData(loaded, { cacheBytes: 0, ...request }, on);
  await using engine = await makeEngine();
  engine.set(weights);
  await using inference = compileInference(engine, model);
  await using exported = await openExported(bytes);
  return {
    n: data.length,
    checkpoint: await evaluateTask(task, inference, data, batchSize),
    file: await evaluateTask(task, exported, data, batchSize),
  };
}
