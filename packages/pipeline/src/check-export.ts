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

type Numbers = Readonly<Record<string, number>>;

/** The numbers of a task, of a checkpoint and of the files that were made of it. */
export interface ExportCheck {
  /** Images. */
  readonly n: number;
  readonly checkpoint: Numbers;
  readonly files: Readonly<Record<string, Numbers>>;
}

/**
 * How good a checkpoint is on images, and how good exported files in ONNX Runtime are on the same.
 *
 * @param files bytes of each, by what it is to be called
 * @throws KcrError `TASK_CLASSES`, `ONNX_SESSION`, and those of reading the data
 */
export async function checkExport(
  loaded: LoadedModel,
  files: Readonly<Record<string, Uint8Array>>,
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
  const checkpoint = await evaluateTask(task, inference, data, batchSize);
  const numbers: Record<string, Numbers> = {};
  for (const [name, bytes] of Object.entries(files)) {
    await using exported = await openExported(bytes);
    numbers[name] = await evaluateTask(task, exported, data, batchSize);
  }
  return { n: data.length, checkpoint, files: numbers };
}
