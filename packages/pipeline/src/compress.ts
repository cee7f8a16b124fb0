import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Communicator,
  type Kept,
  type LineChart,
  type MicroBatch,
  type Task,
  taskOf,
} from '@kcr/core';
import { alone, writeAtomic } from '@kcr/core/internal';
import { labelled } from './data/labelled.ts';
import { engineMaker, type MakeEngine } from './engine.ts';
import type { OnEvent } from './events.ts';
import { GivenWeights, usesOf } from './given-weights.ts';
import { machineText } from './latency/machine.ts';
import type { Trust } from './load-checkpoint.ts';
import { loadPlugin } from './modules.ts';
import { openRun } from './out/open-run.ts';
import { readPruning } from './pruning/prune-into.ts';
import { checkParts } from './recipes/check-parts.ts';
import { loadRecipe } from './recipes/load-recipe.ts';
import { parseRecipe } from './recipes/parse-recipe.ts';
import { plannedStages } from './recipes/planned-stages.ts';
import type { Recipe, RecipeInput } from './recipes/recipe.ts';
import { recipeData } from './recipes/recipe-data.ts';
import { onBackbone, recipeModel } from './recipes/recipe-model.ts';
import { recipeModules } from './recipes/recipe-modules.ts';
import { completedBy, withClassesOf } from './recipes/recipe-pretrained.ts';
import { writeReport } from './report/report.ts';
import type { RunAnalysis, Summary } from './report/run-analysis.ts';
import { type SummaryTable, summaryTable } from './report/summary-table.ts';
import { writePicture } from './report/write-picture.ts';
import { writeSealed } from './sealed-file.ts';
import { analyseStage, LATENCY_RUNS, type RunModel } from './stages/analyse.ts';
import type { CompactModel } from './stages/compact-model.ts';
import { type DenseModel, denseStage } from './stages/dense.ts';
import { firstBeforeOthers, isFirst } from './stages/first-process.ts';
import { pruneStage } from './stages/prune.ts';
import { searchStage } from './stages/search.ts';
import type { StageContext } from './stages/stage.ts';
import { inheritingModel, trainCompact } from './stages/train-compact.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';

/** What a recipe is run with. The modules that the recipe names are trusted besides those of `trust`. */
export interface RunOptions extends Trust {
  /** Folder that the paths of the recipe's data are in. Default: the recipe's. */
  data?: string;
  /** Folder of the run: checkpoints, metrics, results. A run found there goes on. */
  out: string;
  /** Default: the recipe's. */
  seed?: number;
  /** Weights to start from, instead of the recipe's `model.pretrained`: a checkpoint of any kind, see {@link loadCheckpoint}. */
  weights?: string;
  /** A checkpoint whose backbone the compact model has, pruned or not, instead of a search. */
  backbone?: string;
  /** Whom the compact model learns from: a checkpoint, a file of logits, or `dense`. */
  teacher?: string;
  /** Epochs of all trainings from one evaluation to the next, instead of the recipe's `evaluateEvery`. */
  evalEvery?: number;
  /** Test images that all trainings evaluate before their last epoch, instead of the recipe's `evaluateImages`. */
  evalImages?: number;
  /** Images of a batch of all trainings, instead of the recipe's `batchSize`. */
  batchSize?: number;
  /** Images that are trained at once, at most, or `auto`: see `microBatch` of `fit`. Default: a batch. */
  microBatch?: MicroBatch;
  /** Folder of trainings that have ended, which runs share: see `cache` of `fit`. Default: none is shared. */
  cache?: string;
  /** Seconds after which trainings are saved within an epoch, too: see `checkpointEvery` of `fit`. Default 600. */
  checkpointEvery?: number;
  /** Compute values again instead of keeping them, in all trainings: see `recompute` of `fit`. */
  recompute?: boolean;
  /** Batch norms normalise by the images of all processes, in all trainings: see `syncBatchNorm` of `fit`. */
  syncBatchNorm?: boolean;
  /** Makes the engines. Default: {@link engineMaker}'s. */
  engine?: MakeEngine;
  /** The processes that run it together: the first by {@link compress}, the others by {@link takePart}. Default: this one alone. */
  communicator?: Communicator;
  on?: OnEvent;
  /** URL of the file that a recipe that is given as it is written is from: names of modules are resolved from it. */
  from?: string;
}

/** What a run gives. */
export interface CompressResult {
  /** By model: `dense`, `pruned`, `compact`, and the recipe's ablations. */
  readonly summary: Readonly<Record<string, Summary>>;
  /** The same as a table. */
  readonly table: SummaryTable;
  /** The channels that are left, by dimension. */
  readonly kept: Kept;
  /** Path of the page. */
  readonly report: string;
}

/** A recipe by name or file, or as it is written. @throws KcrError `RECIPE_*` */
const checkedRecipe = (recipe: string | RecipeInput, from?: string): Promise<Recipe> =>
  typeof recipe === 'string' ? loadRecipe(recipe) : parseRecipe(recipe, recipe.name, from);

/** A recipe whose trainings have batches as large, and evaluate as often and as many images, as is said. */
function trainingAs(
  recipe: Recipe,
  { batchSize, recompute, syncBatchNorm, evalEvery: every, evalImages: images }: RunOptions,
): Recipe {
  const said = {
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(recompute === undefined ? {} : { recompute }),
    ...(syncBatchNorm === undefined ? {} : { syncBatchNorm }),
    ...(every === undefined ? {} : { evaluateEvery: every }),
    ...(images === undefined ? {} : { evaluateImages: images }),
  };
  const { dense, search, retrain } = recipe;
  return {
    ...recipe,
    dense: dense && { ...dense, ...said },
    search: search && { ...search, ...said },
    retrain: { ...retrain, ...said },
  };
}

/** The context of a run whose folder is this process's until it is disposed of. */
export interface RunContext extends StageContext, AsyncDisposable {}

/**
 * A recipe, its data and its folder, ready for stages.
 *
 * @throws KcrError `RECIPE_*`, `OUT_WRITE`, `OUT_LOCKED` where another process works in the folder, `TASK_CLASSES` for pruning
 *   where images have no class, and those of reading the data
 */
export async function stageContext(
  recipeOrName: string | RecipeInput,
  options: RunOptions,
): Promise<RunContext> {
  const {
    data: root,
    out,
    seed,
    trust = [],
    engine = engineMaker(),
    communicator = alone,
    on = () => {},
    from,
    ...given
  } = options;
  const written = trainingAs(await checkedRecipe(recipeOrName, from), options);
  await checkParts(written);
  const trusted = [...trust, ...(await recipeModules(written))];
  const place = given.weights ?? written.model.pretrained;
  const uses = usesOf(written, given.backbone !== undefined);
  const weights =
    place === undefined
      ? undefined
      : new GivenWeights(place, { trust: trusted, on, from: written.from, uses });
  // What is on the hub is downloaded once where they share its cache.
  const { recipe: built, input } = await firstBeforeOthers({ communicator }, () =>
    completedBy(weights, written),
  );
  const opened = isFirst({ communicator }) ? await openRun(out) : undefined;
  const read = async () => {
    const where = root ?? built.data.root;
    if (where !== undefined) on({ type: 'reading', where });
    const data = await recipeData(built, { root, input, on });
    const recipe = await withClassesOf(data.train, built);
    on({ type: 'plan', stages: plannedStages(recipe, data.train) });
    // Known now, and not when the model to prune has been trained.
    if (recipe.prune) labelled(data.train, taskOf((await recipeModel(recipe)).model));
    return { data, recipe };
  };
  const { data, recipe } = await read().catch(async (error) => {
    await opened?.[Symbol.asyncDispose]();
    throw error;
  });
  return {
    ...given,
    weights,
    recipe,
    data,
    trust: trusted,
    from: written.from,
    engine,
    directory: out,
    seed: seed ?? written.seed,
    communicator,
    on,
    async [Symbol.asyncDispose]() {
      await opened?.[Symbol.asyncDispose]();
    },
  };
}

/**
 * Runs all stages of a recipe: dense baseline, search or pruning, retraining with and without plugins and of other channels,
 * measurement, report. What a run before has finished is not done again.
 *
 * @param recipe a name, a file, or a recipe as it is written
 * @throws KcrError `RECIPE_*`, `OUT_*`, `RESUME_MISMATCH`, `STATE_DAMAGED`, and those of data, models and training
 */
export async function compress(
  recipe: string | RecipeInput,
  options: RunOptions,
): Promise<CompressResult> {
  await using context = await stageContext(recipe, options);
  const trained = await trainedRun(context);
  const analysis = await analyseRun(trained, context);
  await saveAnalysis(context.directory, analysis);
  const { metrics, columns } = analysis;
  const summary = summariesOf(analysis);
  return {
    summary,
    table: summaryTable(summary, metrics, columns),
    kept: trained.compact.model.kept,
    report: await writeReport(context.directory),
  };
}

/**
 * Takes part in a run that the first process of `options.communicator` does by {@link compress}, with the same recipe and options:
 * trains its part of every batch, and writes nothing.
 *
 * @throws KcrError as {@link compress}
 */
export async function takePart(
  recipe: string | RecipeInput,
  options: RunOptions & { readonly communicator: Communicator },
): Promise<void> {
  await using context = await stageContext(recipe, options);
  await trainedRun(context);
}

/** The models that a run has trained, by the time that its processes part: what follows is the first one's. */
interface TrainedRun {
  readonly whole: readonly RunModel[];
  readonly compacts: readonly RunModel[];
  readonly compact: CompactModel;
}

async function trainedRun(context: StageContext): Promise<TrainedRun> {
  const dense = await denseStage.run(undefined, context);
  const compact = await startOfCompact(dense, context);
  const whole = dense ? [{ name: 'dense', trained: true }] : [];
  const compacts = await trainCompact(compact, context);
  // Latencies are measured next, which those that wait for this process would disturb.
  await context.communicator.leave();
  return { whole, compacts, compact };
}

/** Takes the compact model's backbone from a checkpoint, or chooses its channels by the recipe's search or pruning. */
async function startOfCompact(
  dense: DenseModel | undefined,
  context: StageContext,
): Promise<CompactModel> {
  const { recipe, backbone } = context;
  if (backbone) return onBackbone(recipe, backbone, context);
  if (recipe.prune) return pruneStage.run({ dense, settings: recipe.prune }, context);
  const { kept } = recipe.search ? await searchStage.run(undefined, context) : { kept: {} };
  return inheritingModel(kept, context);
}

async function analyseRun(
  { whole, compacts, compact }: TrainedRun,
  context: StageContext,
): Promise<RunAnalysis> {
  const { recipe, data, directory } = context;
  const { models, columns } = await analyseStage.run([...whole, ...compacts], context);
  const { gallery } = await findTaskKit(compact.model, context.from);
  const rows = await gallery.rows(data.test);
  return {
    recipe: recipe.name,
    result: compacts.find(({ trained }) => trained)!.name,
    measured: {
      date: new Date().toISOString().slice(0, 10),
      machine: machineText(),
      seed: context.seed,
      testImages: data.test.length,
      runs: LATENCY_RUNS,
    },
    metrics: metricsOf(compact),
    columns,
    ...(await drawnOf(recipe)),
    charts: await pruningCharts(directory),
    searched: await searchedDims(compact, recipe),
    gallery: {
      tile: gallery.tile,
      captions: gallery.captions(data.test),
      legend: gallery.legend(data.test),
      pictures: await Promise.all(rows.map((row) => writePicture(directory, row, row.name))),
    },
    models,
  };
}

const metricsOf = ({ model }: CompactModel): Task['metrics'] => taskOf(model).metrics;

/** The searched or pruned dimensions of the recipe's model, and what is left of them. */
async function searchedDims({ model: { kept } }: CompactModel, recipe: Recipe) {
  const { dims } = (await recipeModel(recipe)).model;
  return Object.entries(kept).map(([name, channels]) => ({
    name,
    size: dims.get(name)!.size,
    kept: channels,
  }));
}

/** How numbers and snapshots of all plugins that take part in a run are drawn. */
async function drawnOf({
  dense,
  search,
  retrain,
  ablations,
  from,
}: Recipe): Promise<Pick<RunAnalysis, 'curves' | 'snapshots'>> {
  const trainings = [search?.plugins, dense?.plugins, retrain.plugins, ...Object.values(ablations)];
  const plugins = await Promise.all(
    trainings.flatMap((parts = []) => parts.map((part) => loadPlugin(part, from))),
  );
  return {
    curves: Object.assign({}, ...plugins.map(({ curves }) => curves)),
    snapshots: Object.fromEntries(
      plugins.flatMap(({ name, snapshots }) => (snapshots ? [[name, snapshots]] : [])),
    ),
  };
}

/** What pruning recorded, where the run pruned. */
async function pruningCharts(directory: string): Promise<readonly LineChart[]> {
  const path = join(directory, 'pruned', 'prune.json');
  if (!existsSync(path)) return [];
  return (await readPruning(path)).charts ?? [];
}

const summariesOf = ({ models }: RunAnalysis): Record<string, Summary> =>
  Object.fromEntries(Object.entries(models).map(([name, { summary }]) => [name, summary]));

async function saveAnalysis(directory: string, analysis: RunAnalysis): Promise<void> {
  await writeSealed(join(directory, 'analysis.json'), analysis);
  const summary = `${JSON.stringify(summariesOf(analysis), null, 1)}\n`;
  await writeAtomic(join(directory, 'summary.json'), summary);
}
