import { join } from 'node:path';
import {
  type Analysis,
  compileFeatures,
  compileInference,
  type Engine,
  evaluateTask,
  extractFeatures,
  float32,
  Generator,
  type LoadedModel,
  type NdArray,
  taskOf,
} from '@kcr/core';
import { checkExtension, imagesAtOnce } from '@kcr/core/internal';
import { measureLatencies } from '@kcr/onnx';
import { loadCheckpoint } from '../load-checkpoint.ts';
import { loadPart } from '../modules.ts';
import { paired } from '../report/paired-difference.ts';
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

/** The metrics of the model's task on the test images, and for tasks that tell it which of these are right. */
async function taskMetrics({ loaded: { model }, engine }: Measured, context: StageContext) {
  const task = taskOf(model);
  await using inference = compileInference(engine, model);
  const batchSize = imagesAtOnce(context.recipe.retrain.batchSize, context.microBatch);
  const right: boolean[] = [];
  const result = await evaluateTask(task, inference, context.data.test, batchSize, (own) =>
    right.push(own),
  );
  const metrics = Object.keys(task.metrics).flatMap((key) =>
    result[key] === undefined ? [] : [[key, result[key]] as const],
  );
  return { metrics: Object.fromEntries(metrics), right };
}

/** Features, as numbers, up to which those of all images are kept: 256 MB. */
const KEPT = 2 ** 26;

/** Features that are extracted once, for all that ask for some or all of them. */
function keeping(extracted: () => Promise<NdArray>) {
  let all: Promise<NdArray> | undefined;
  return async (indices?: Int32Array) => {
    const features = await (all ??= extracted());
    return indices ? picked(features, indices) : features;
  };
}

function picked({ shape, data }: NdArray, indices: Int32Array): NdArray {
  const d = shape[1]!;
  const rows = float32([indices.length, d]);
  indices.forEach((image, at) => {
    rows.data.set(data.subarray(image * d, (image + 1) * d), at * d);
  });
  return rows;
}

/** The results of the recipe's analyses, in their order. */
async function analysed(
  analyses: readonly Analysis[],
  { name, loaded: { model, weights }, engine }: Measured,
  { recipe, microBatch, data: { train, test } }: StageContext,
) {
  const batchSize = imagesAtOnce(recipe.retrain.batchSize, microBatch);
  await using reading = compileFeatures(engine, model);
  const extracted = (indices?: Int32Array) => extractFeatures(reading, train, batchSize, indices);
  const features = train.length * model.featureSize <= KEPT ? keeping(extracted) : extracted;
  const results: Awaited<ReturnType<Analysis['measure']>>[] = [];
  for (const analysis of analyses) checkExtension('analysis', analysis, model);
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
        features,
      }),
    );
  return results;
}

/** What is measured of one model by itself. */
interface Alone {
  readonly loaded: LoadedModel;
  /** Of the test images, in order, where the task says which are right. */
  readonly right: readonly boolean[];
  readonly metrics: Readonly<Record<string, number>>;
  /** What the analyses gave. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly charts: ModelAnalysis['charts'];
  readonly pictures: ModelAnalysis['pictures'];
}

async function measure(
  { name, trained }: RunModel,
  analyses: readonly Analysis[],
  context: StageContext,
): Promise<Alone> {
  const { directory, data } = context;
  const folder = folderOf(name);
  const loaded = await loadCheckpoint(join(directory, folder), context);
  const { model } = loaded;
  await using engine = await context.engine();
  engine.set(loaded.weights);
  const measured = { name, loaded, engine };
  const { metrics, right } = await taskMetrics(measured, context);
  const results = await analysed(analyses, measured, context);
  const { gallery } = await findTaskKit(model, context.from);
  const look = trained
    ? await gallery.look(loaded, data.test, engine, name)
    : { rows: [], charts: [] };
  const pictures = await Promise.all(
    look.rows.map((row) => writePicture(directory, row, `${row.name}-${folder}`)),
  );
  return {
    loaded,
    right,
    metrics,
    numbers: Object.assign({}, ...results.map(({ numbers }) => numbers)),
    charts: [...results.flatMap((result) => result.charts ?? []), ...look.charts],
    pictures,
  };
}

/** Timed runs of each model. */
export const LATENCY_RUNS = 200;

/** All models beside the first: what takes turns, and what is paired. */
async function beside(measured: Readonly<Record<string, Alone>>) {
  const all = Object.entries(measured);
  const latencies = await measureLatencies(
    all.map(([, { loaded }]) => loaded),
    { runs: LATENCY_RUNS },
  );
  const [, first] = all[0]!;
  return Object.fromEntries(
    all.map(([name, own], i): [string, ModelAnalysis] => {
      const { model } = own.loaded;
      const latency = latencies[i]!;
      const summary: Summary = {
        ...own.metrics,
        params: model.parameterCount,
        macs: model.macs.total,
        latencyMs: latency.ms.median,
        ...own.numbers,
      };
      const pairs =
        own === first || own.right.length === 0 ? {} : { paired: paired(own.right, first.right) };
      return [name, { summary, latency, ...pairs, charts: own.charts, pictures: own.pictures }];
    }),
  );
}

/** The models of a run by name, each measured by itself, by the recipe's analyses, and beside the first. */
export const analyseStage = defineStage<
  readonly RunModel[],
  { models: Record<string, ModelAnalysis>; columns: Analysis['columns'] }
>({
  name: 'analysis',
  async run(runModels, context) {
    const analyses = await Promise.all(
      context.recipe.analyses.map((part) => loadPart<Analysis>(part, context.from)),
    );
    const measured: Record<string, Alone> = {};
    for (const [done, model] of runModels.entries()) {
      context.on({ type: 'analysing', model: model.name, done, models: runModels.length });
      measured[model.name] = await measure(model, analyses, context);
    }
    context.on({ type: 'timing', models: runModels.length });
    return { models: await beside(measured), columns: analyses.flatMap(({ columns }) => columns) };
  },
});
