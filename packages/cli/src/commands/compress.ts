import { join } from 'node:path';
import { type Engine, type Kept, writeAtomic } from '@kcr/core';
import { createOnnxEngine, type Target } from '@kcr/onnx';
import { type Analysis, analyse, type Summary } from '../analysis.ts';
import { createEngine, type EngineName } from '../engine.ts';
import { printTable } from '../output.ts';
import { drawImages, drawModel, shownImages } from '../pictures.ts';
import { loadRecipe } from '../recipe.ts';
import { folderOf, writeReport } from '../report/report.ts';
import { loadCheckpoint, recipeData, recipeModel } from '../sources.ts';
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
  else printSummary(summary, directory);
}

/** Chooses what the compact model keeps, by the recipe's search or pruning. */
async function startOfCompact(context: StageContext): Promise<CompactModel> {
  const { recipe } = context;
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
    const entropy = await drawModel(context.directory, folder, loaded, context.data, engine);
    analyses[name] = { ...measured, entropy };
    await engine.dispose();
  }
  await drawImages(context.directory, context.data);
  return analyses;
}

const summaries = (analyses: Record<string, Analysis>): Record<string, Summary> =>
  Object.fromEntries(Object.entries(analyses).map(([name, { summary }]) => [name, summary]));

async function saveResults(
  { directory, recipe, data }: StageContext,
  kept: Kept,
  analyses: Record<string, Analysis>,
): Promise<void> {
  const { dims } = recipeModel(recipe).model;
  const searched = Object.entries(kept).map(([name, channels]) => ({
    name,
    size: dims.get(name)!.size,
    kept: channels,
  }));
  const { classes, labels } = data.test;
  const shown = Array.from(shownImages(data.test), (i) => classes[labels[i]!]!);
  const analysis = { recipe: recipe.name, searched, shown, models: analyses };
  await writeAtomic(join(directory, 'analysis.json'), `${JSON.stringify(analysis)}\n`);
  await writeAtomic(
    join(directory, 'summary.json'),
    `${JSON.stringify(summaries(analyses), null, 1)}\n`,
  );
}

function printSummary(summary: Record<string, Summary>, directory: string): void {
  const header = ['model', 'top-1', 'parameters', 'MACs', 'latency', 'TNN', 'KC'];
  const rows = Object.entries(summary).map(([name, s]) => [
    name,
    `${(100 * s.top1).toFixed(1)} %`,
    s.params.toLocaleString('en'),
    `${(s.macs / 1e6).toFixed(2)} M`,
    `${s.latencyMs.toFixed(2)} ms`,
    s.tnn.toFixed(3),
    s.kc.toFixed(4),
  ]);
  printTable([header, ...rows]);
  process.stdout.write(`\nreport: ${join(directory, 'report.html')}\n`);
}
