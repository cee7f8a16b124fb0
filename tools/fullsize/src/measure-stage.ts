// One stage of a recipe in a process of its own, so that peak memory is its own: prints a line of JSON for each thing that it tells.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import {
  blocksOf,
  type Criterion,
  type Dataset,
  fit,
  Generator,
  type MemoryReport,
  type Model,
  type Plugin,
  search,
} from '@kcr/core';
import { withoutRefresh } from '@kcr/core/internal';
import { distillation } from '@kcr/distill';
import { createOnnxEngine } from '@kcr/onnx';
import {
  loadOptimizer,
  loadPart,
  loadPlugin,
  loadRecipe,
  type Recipe,
  recipeModel,
  wholeModel,
} from '@kcr/pipeline';
import { madeUpImages } from './made-up-images.ts';
import { imagesInAll, imagesOf, type StageName } from './plan.ts';
import type { Asked, PartTime, Told } from './row.ts';

const tell = (told: Told) => void process.stdout.write(`${JSON.stringify(told)}\n`);
const progress = (text: string) => tell({ type: 'progress', text });

const seconds = () => performance.now() / 1000;

/** A number of bytes that Linux knows of this process. */
function statusOf(field: 'VmHWM' | 'VmRSS'): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync('/proc/self/status', 'utf8'),
  );
  return 1024 * Number(line![1]);
}

/** Seconds in which the cores did something, for whomever. */
function busy(): number {
  const [user, nice, system] = readFileSync('/proc/stat', 'utf8')
    .split(/\s+/, 4)
    .slice(1)
    .map(Number);
  return (user! + nice! + system!) / 100;
}

/** Measures what others do on this machine meanwhile. @returns what says their share of the cores so far */
function watchOthers(): () => number {
  const [began, all, own] = [seconds(), busy(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(own);
    const others = busy() - all - (user + system) / 1e6;
    return Math.max(0, others / ((seconds() - began) * availableParallelism()));
  };
}

/** Ends a training after what is to be measured. */
class Enough extends Error {}

/** What trainings have; whose weights they start from is of no account here. */
type Settings = Omit<Recipe['retrain'], 'initial'> &
  Partial<Pick<NonNullable<Recipe['search']>, 'architectureOptimizer' | 'classes'>> & {
    readonly initial?: unknown;
  };

const settingsOf = ({ dense, search, retrain }: Recipe, stage: StageName): Settings | undefined =>
  ({ dense, search, pruned: undefined, compact: retrain })[stage];

async function pluginsOf(recipe: Recipe, stage: StageName): Promise<Plugin[]> {
  const { distillation: teaching } = recipe;
  const own = await Promise.all(
    (settingsOf(recipe, stage)?.plugins ?? []).map((part) => loadPlugin(part)),
  );
  const { teacher, ...options } = teaching;
  if (stage !== 'compact' || teacher !== 'dense') return own;
  const { model } = await recipeModel(recipe);
  const weights = model.initialize(new Generator(1));
  return [...own, distillation({ ...options, teacher: { model, weights } })];
}

/** Updates of each part that are measured. */
const UPDATES = 2;

async function measureTraining(
  { stage, memory, limit, most = Number.POSITIVE_INFINITY, only, expectation }: Asked,
  recipe: Recipe,
  model: Model,
): Promise<void> {
  const isSearch = stage === 'search';
  const settings: Settings = settingsOf(recipe, stage)!;
  const {
    plugins: _,
    initial: __,
    optimizer,
    architectureOptimizer,
    classes,
    ...training
  } = settings;
  // Those of both parts come in turn.
  const parts = isSearch ? ['weights', 'architecture'] : ['weights'];
  const updates = UPDATES * parts.length;
  const others = watchOthers();
  const before = statusOf('VmRSS');
  await using engine = createOnnxEngine();
  let report: MemoryReport | undefined;
  let began = 0;
  let first = 0;
  const ends: number[] = [];
  /** When the last piece of each update was done. */
  const pieceEnds: number[] = [];

  /** Ends this run for one of fewer pieces. */
  function shorten(timed: number): void {
    const { images, pieces, bytes } = report!;
    if (only || timed >= pieces) return;
    tell({
      type: 'too-long',
      only: { pieces: timed, size: images / pieces, images },
      whole: { images, pieces, expectedWhole: bytes },
    });
    throw new Enough();
  }

  const options = {
    ...training,
    ...(isSearch ? { architectureShare: 0.5 } : {}),
    optimizer: await loadOptimizer(optimizer),
    architectureOptimizer: architectureOptimizer && (await loadOptimizer(architectureOptimizer)),
    ...(only ? { batchSize: only.pieces * only.size, accumulate: 1 } : {}),
    microBatch: only?.size ?? ('auto' as const),
    memory,
    model,
    engine,
    train: madeUpImages(recipe, model, imagesOf(recipe, classes)),
    plugins: (await pluginsOf(recipe, stage)).map(withoutRefresh),
    seed: 0,
    onMemory(given: MemoryReport) {
      report = given;
      began = seconds();
      if (expectation) {
        tell({ type: 'expected', bytes: given.bytes });
        throw new Enough();
      }
      shorten(most);
      progress(
        `updates of ${given.images} images in ${given.pieces} pieces, ${(given.bytes / 2 ** 30).toFixed(2)} GiB expected; compiling`,
      );
    },
    onPiece({ step, piece, pieces }: { step: number; piece: number; pieces: number }) {
      progress(`update ${step + 1} of ${updates}, piece ${piece} of ${pieces}`);
      pieceEnds[step] = seconds();
      if (piece === 1) first = seconds();
      if (step === 0 && piece === 2)
        shorten(Math.max(2, Math.floor(limit / (updates * (seconds() - first)))));
    },
    onStep({ step }: { step: number }) {
      ends.push(seconds());
      pieceEnds[step - 1] ??= seconds();
      progress(`update ${step} of ${updates}`);
      if (step === updates) throw new Enough();
    },
    onWarning: (message: string) => process.stderr.write(`${message}\n`),
  };
  try {
    await (isSearch ? search(options) : fit(options));
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  if (ends.length < updates) return;
  const { images, pieces, bytes } = report!;
  const inAll = imagesInAll(recipe, stage, 0);
  const times = parts.map((part, i): [string, PartTime] => {
    const at = i + parts.length;
    const update = ends[at]! - pieceEnds[at]!;
    const time = {
      first: (ends[i]! - (ends[i - 1] ?? began)) / images,
      second: (pieceEnds[at]! - ends[at - 1]!) / images + update / (only?.images ?? images),
      update,
      images: inAll[part]!,
    };
    return [part, time];
  });
  tell({
    type: 'row',
    row: {
      images,
      pieces,
      timedImages: images,
      timedPieces: pieces,
      expected: bytes,
      peak: statusOf('VmHWM'),
      before,
      room: report!.available,
      compile:
        engine.compileTimes.reduce((sum, { trace, session }) => sum + trace + session, 0) / 1e3,
      parts: Object.fromEntries(times),
      others: others(),
    },
  });
}

/** Images that scores are timed on, in batches of the first. */
const SCORED = [8, 24] as const;

async function measureScores(asked: Asked, recipe: Recipe, model: Model): Promise<void> {
  const { criterion, dims } = recipe.prune!;
  const others = watchOthers();
  const before = statusOf('VmRSS');
  const weights = model.initialize(new Generator(0));
  const { score } = await loadPart<Criterion>(criterion);
  const [batchSize] = SCORED;
  const spent: number[] = [];
  let compile = 0;
  for (const images of SCORED) {
    progress(`scores of ${images} images`);
    await using engine = createOnnxEngine();
    const began = seconds();
    const data = madeUpImages(recipe, model, images) as Dataset;
    await score({ model, weights, engine, data, batchSize, generator: new Generator(0) });
    spent.push(seconds() - began);
    compile =
      engine.compileTimes.reduce((sum, { trace, session }) => sum + trace + session, 0) / 1e3;
  }
  const [few, many] = spent as [number, number];
  const blocks = blocksOf(model, dims).length;
  const { scores } = imagesInAll(recipe, 'pruned', blocks);
  const second = (many - few) / (SCORED[1] - SCORED[0]);
  tell({
    type: 'row',
    row: {
      images: batchSize,
      pieces: 1,
      timedImages: batchSize,
      timedPieces: 1,
      peak: statusOf('VmHWM'),
      before,
      room: asked.memory ?? process.availableMemory() + statusOf('VmRSS'),
      compile,
      parts: { scores: { first: few / SCORED[0], second, update: 0, images: scores! } },
      others: others(),
    },
  });
}

const asked = JSON.parse(process.argv[2]!) as Asked;
const recipe = await loadRecipe(asked.recipe);
const isWhole = asked.stage === 'dense' || asked.stage === 'pruned';
// No adapter is in the dense model; the compact one is measured with all its channels.
const model = isWhole ? (await recipeModel(recipe)).model : await wholeModel(recipe);
progress(`${model.parameterCount} parameters`);
await (asked.stage === 'pruned' ? measureScores : measureTraining)(asked, recipe, model);
