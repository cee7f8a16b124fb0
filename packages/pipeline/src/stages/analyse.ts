import { join } from 'node:path';
import {
  type Analysis,
  compileFeatures,
  compileInference,
  type Engine,
  evaluateTask,
  extractFeatures,
  Generator,
  type LoadedModel,
  taskOf,
} from '@kcr/core';
import { measureLatency } from '@kcr/onnx';
import { loadCheckpoint } from '../load-checkpoint.ts';
import { loadPart } from '../modules.ts';
import { folderOf, type ModelAnalysis, type Summary } from '../report/run-analysis.ts';
import { writePicture } from '../report/write-picture.ts';
import { findTaskKit } from '../tasks/find-task-kit.ts';
import { defineStage, type StageContext } from './stage.ts';

/** A model of a run. */
export interface RunModel {
  /** Its folder has this name too, by `folderOf`. */
  readonly name: string;
  /** Whether it is as training left it, and not as pruning did: pictures are made of what was trained. */
  readonly trained: boolean;
}

/** A model of a run under measurement. */
interface Measured {
  readonly name: string;
  readonly loaded: LoadedModel;
  /** Its state has the model's weights. */
  readonly engine: Engine;
}

/** The metrics of the model's task on the test images. */
async function taskMetrics({ loaded: { model }, engine }: Measured, context: StageContext) {
  const task = taskOf(model);
  await using inference = compileInference(engine, model);
  const { batchSize } = context.recipe.retrain;
  const result = await evaluateTask(task, inference, context.data.test, batchSize);
  return Object.keys(task.metrics).flatMap((key) =>
    result[key] === undefined ? [] : [[key, result[key]] as const],
  );
}

/** The results of the recipe's analyses, in their order. */
async function analysed(
  analyses: readonly Analysis[],
  { name, loaded: { model, weights }, engine }: Measured,
  { recipe, data: { train, test } }: StageContext,
) {
  const { batchSize } = recipe.retrain;
  await using reading = compileFeatures(engine, model);
  let features: ReturnType<typeof extractFeatures> | undefined;
  const results: Awaited<ReturnType<Analysis['measure']>>[] = [];
  for (const analysis of analyses)
    results.push(
      await analysis.measure({
        name,
        model,
        weights,
        engine,
        train,
        test,
        batchSize,
        generator: new Generator(recipe.seed).fork(analysis.name),
        features: () => (features ??= extractFeatures(reading, train, batchSize)),
      }),
    );
  return results;
}

async function measure(
  { name, trained }: RunModel,
  analyses: readonly Analysis[],
  context: StageContext,
): Promise<ModelAnalysis> {
  const { directory, data } = context;
  const folder = folderOf(name);
  const loaded = await loadCheckpoint(join(directory, folder), context);
  const { model, weights } = loaded;
  await using engine = await context.engine();
  engine.set(weights);
  const measured = { name, loaded, engine };
  const metrics = await taskMetrics(measured, context);
  const results = await analysed(analyses, measured, context);
  const summary: Summary = {
    ...Object.fromEntries(metrics),
    params: model.parameterCount,
    macs: model.macs.total,
    latencyMs: await measureLatency(model, weights, { runs: 200 }),
    ...Object.assign({}, ...results.map(({ numbers }) => numbers)),
  };
  const { gallery } = await findTaskKit(model);
  const look = trained
    ? await gallery.look(loaded, data.test, engine, name)
    : { rows: [], charts: [] };
  const pictures = await Promise.all(
    look.rows.map((row) => writePicture(directory, row, `${row.name}-${folder}`)),
  );
  const charts = [...results.flatMap((result) => result.charts ?? []), ...look.charts];
  return { summary, charts, pictures };
}

/** The models of a run by name, each measured by itself and by the recipe's analyses. */
export const analyseStage = defineStage<
  readonly RunModel[],
  { models: Record<string, ModelAnalysis>; columns: Analysis['columns'] }
>({
  name: 'analysis',
  async run(runModels, context) {
    const analyses = await Promise.all(
      context.recipe.analyses.map((part) => loadPart<Analysis>(part)),
    );
    const models: Record<string, ModelAnalysis> = {};
    for (const model of runModels) models[model.name] = await measure(model, analyses, context);
    return { models, columns: analyses.flatMap(({ columns }) => columns) };
  },
});
