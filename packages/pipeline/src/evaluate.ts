import { compileInference, evaluateTask, KcrError, requireClasses, taskOf } from '@kcr/core';
import { writeAtomic } from '@kcr/core/internal';
import { engineMaker, type MakeEngine } from './engine.ts';
import type { OnEvent } from './events.ts';
import { loadCheckpoint, type ReadAs } from './load-checkpoint.ts';
import { notMeasured } from './not-measured.ts';
import { requireWritableFile } from './out/writable.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';
import type { EvaluationData } from './tasks/task-kit.ts';

export interface EvaluateOptions extends EvaluationData, ReadAs {
  /** Images at once. Default 64. */
  readonly batchSize?: number;
  /** Files to store what the task's kit can store besides numbers (`logits`, `detections`), by name. */
  readonly artifacts?: Readonly<Record<string, string | undefined>>;
  /** Makes the engine. Default: {@link engineMaker}'s. */
  readonly engine?: MakeEngine;
  readonly on?: OnEvent;
}

/**
 * How good a checkpoint is on images with what is in them: the numbers of its task, and `n`, the images.
 *
 * @param checkpoint of any kind, see `loadCheckpoint`
 * @throws KcrError `CHECKPOINT_*`, `OPTION` for what the task does not know, `OUT_WRITE`, and those of reading the data
 */
export async function evaluate(
  checkpoint: string,
  options: EvaluateOptions,
): Promise<Record<string, number>> {
  const { batchSize = 64, artifacts = {}, engine: makeEngine = engineMaker() } = options;
  const { on = () => {}, ...request } = dataOf(options);
  const loaded = await loadCheckpoint(checkpoint, options);
  const { model, weights } = loaded;
  requireClasses(model, checkpoint);
  const task = taskOf(model);
  const kit = await findTaskKit(model);
  const wanted = Object.entries(artifacts).flatMap(([name, path]) =>
    path === undefined ? [] : [{ name, path }],
  );
  for (const { name } of wanted)
    if (!Object.hasOwn(kit.artifacts, name))
      throw new KcrError('OPTION', {
        where: name,
        found: `a model of ${task.name}`,
        fix: 'Leave it out for this model',
      });
  for (const { path } of wanted) await requireWritableFile(path);
  const data = await kit.evaluationData(loaded, { cacheBytes: 0, ...request }, on);
  await using engine = await makeEngine();
  engine.set(weights);
  await using inference = compileInference(engine, model);
  const numbers = await evaluateTask(task, inference, data, batchSize);
  for (const message of notMeasured(task, (name) => numbers[name], loaded.info.classes))
    on({ type: 'warning', message });
  const result = { n: data.length, ...numbers };
  for (const { name, path } of wanted)
    await writeAtomic(path, await kit.artifacts[name]!.content(inference, data, batchSize));
  return result;
}

/** What says which images, without the other options. */
function dataOf({
  batchSize: _,
  artifacts: __,
  engine: ___,
  trust: ____,
  architecture: _____,
  config: ______,
  ...rest
}: EvaluateOptions) {
  return rest;
}
