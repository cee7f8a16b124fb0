import { join } from 'node:path';
import {
  classification,
  type Engine,
  type ImageSet,
  type Kept,
  type LoadedModel,
  type Task,
  taskOf,
  writeAtomic,
} from '@kcr/core';
import { createOnnxEngine, type Target } from '@kcr/onnx';
import { type Analysis, analyse, type Summary } from '../analysis.ts';
import { createEngine, type EngineName } from '../engine.ts';
import { drawPredictions, drawTruth, isDense, shownNames } from '../gallery.ts';
import { printTable } from '../output.ts';
import { drawImages, drawModel, type HeadEntropy, shownImages } from '../pictures.ts';
import { loadRecipe } from '../recipe.ts';
import { metricsOf } from '../report/page.ts';
import { folderOf, type RunAnalysis, writeReport } from '../report/report.ts';
import { labelled, loadCheckpoint, onBackbone, recipeData, recipeModel } from '../sources.ts';
import {
  type CompactModel,
  compactModel,
  denseStage,
  pruneStage,
  retrainStage,
  type StageContext,
  searchStage,
} from '../stages.ts';

export interface RunOptions {
  data?: string;
  out: string;
  seed?: number;
  teacher?: string;
  weights?: string;
  backbone?: string;
  engine: EngineName;
  device: Target;
  json?: boolean;
}

/** The recipe, its data and its folder, ready for stages. */
export async function stageContext(recipeName: string, options: RunOptions): Promise<StageContext> {
  const recipe = await loadRecipe(recipeName);
  return {
    recipe,
    data: await recipeData(recipe, options.data),
    createEngine: (): Promise<Engine> => createEngine(options.engine, options.device),
    directory: options.out,
    teacher: options.teacher,
    weights: options.weights,
    backbone: options.backbone,
    seed: options.seed ?? recipe.seed,
  };
}

/** All stages: dense baseline, search, retraining with and without plugins, measurement, report. */
export async function compress(recipeName: string, options: RunOptions): Promise<void> {
  const context = await stageContext(recipeName, options);
  const { recipe, directory } = context;
  const names = ['compact', ...Object.keys(recipe.ablations)];
  if (recipe.prune) names.unshift('pruned');
  if (await denseStage(context)) names.unshift('dense');
  const compact = await startOfCompact(context);
  await retrainStage(context, 'compact', compact);
  for (const [name, plugins] of Object.entries(recipe.ablations))
    await retrainStage(context, folderOf(name), compact, plugins);
  const { kept } = compact.model;
  const analyses = await analyseModels(context, names);
  await saveResults(context, kept, analyses);
  await writeReport(directory);
  const summary = summaries(analyses);
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else printSummary(summary, taskOf(compact.model).metrics, directory);
}

/** Takes the compact model's backbone from a checkpoint, or chooses its channels by the recipe's search or pruning. */
async function startOfCompact(context: StageContext): Promise<CompactModel> {
  const { recipe } = context;
  if (context.backbone) return onBackbone(recipe, context.backbone);
  if (recipe.prune) return pruneStage(context, recipe.prune);
  const { kept } = recipe.search ? await searchStage(context) : { kept: {} };
  return compactModel(recipe, kept);
}

async function analyseModels(context: StageContext, names: readonly string[]) {
  const analyses: Record<string, Analysis> = {};
  for (const name of names) {
    const engine = createOnnxEngine();
    const folder = folderOf(name);
    const loaded = await loadCheckpoint(join(context.directory, folder));
    const measured = await analyse(loaded, context.data, context.recipe, engine);
    const entropy = await drawModelPictures(context, folder, loaded, engine);
    analyses[name] = { ...measured, entropy };
    await engine.dispose();
  }
  const { directory, data } = context;
  if (isDense(data.test)) await drawTruth(directory, data.test);
  else await drawImages(directory, labelled(data.test, classification), data.normalization);
  return analyses;
}

/** What a classifier looks at, or what a dense model finds. @returns the entropies of a classifier's attention */
async function drawModelPictures(
  { directory, data }: StageContext,
  folder: string,
  loaded: LoadedModel,
  engine: Engine,
): Promise<HeadEntropy[]> {
  const { test, normalization } = data;
  if (!isDense(test)) {
    const images = labelled(test, classification);
    return drawModel(directory, folder, loaded, images, normalization, engine);
  }
  await drawPredictions(directory, folder, loaded, test, engine);
  return [];
}

const summaries = (analyses: Record<string, Analysis>): Record<string, Summary> =>
  Object.fromEntries(Object.entries(analyses).map(([name, { summary }]) => [name, summary]));

async function saveResults(
  { directory, recipe, data }: StageContext,
  kept: Kept,
  analyses: Record<string, Analysis>,
): Promise<void> {
  const { model } = await recipeModel(recipe);
  const { dims } = model;
  const task = taskOf(model);
  const searched = Object.entries(kept).map(([name, channels]) => ({
    name,
    size: dims.get(name)!.size,
    kept: channels,
  }));
  const { metrics } = task;
  const analysis: RunAnalysis = {
    recipe: recipe.name,
    metrics,
    searched,
    shown: captions(data.test),
    models: analyses,
    classes: isDense(data.test) ? data.test.classes : undefined,
  };
  await writeAtomic(join(directory, 'analysis.json'), `${JSON.stringify(analysis)}\n`);
  await writeAtomic(
    join(directory, 'summary.json'),
    `${JSON.stringify(summaries(analyses), null, 1)}\n`,
  );
}

/** What stands over the pictures: the images' classes, or their names. */
function captions(test: ImageSet): string[] {
  if (isDense(test)) return shownNames(test);
  const images = labelled(test, classification);
  return Array.from(shownImages(images), (i) => images.classes[images.labels[i]!]!);
}

function printSummary(
  summary: Record<string, Summary>,
  metrics: Task['metrics'],
  directory: string,
): void {
  const shown = metricsOf(Object.values(summary), metrics);
  const titles = shown.map(([, title]) => title);
  const header = ['model', ...titles, 'parameters', 'MACs', 'latency', 'TNN', 'KC'];
  const rows = Object.entries(summary).map(([name, s]) => [
    name,
    ...shown.map(([key]) => `${(100 * s[key]!).toFixed(1)} %`),
    s.params.toLocaleString('en'),
    `${(s.macs / 1e6).toFixed(2)} M`,
    `${s.latencyMs.toFixed(2)} ms`,
    s.tnn.toFixed(3),
    s.kc.toFixed(4),
  ]);
  printTable([header, ...rows]);
  process.stdout.write(`\nreport: ${join(directory, 'report.html')}\n`);
}
