import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Adapter,
  type Allocator,
  allowedDrop,
  balancedSample,
  budget,
  type Criterion,
  cascade,
  type Dataset,
  type Engine,
  Generator,
  globalThreshold,
  iterative,
  KcrError,
  type LoadedModel,
  oneShot,
  type PrunedModel,
  type PruningSchedule,
  pruneTrained,
  requireSameRun,
  saveModel,
  subset,
  uniform,
  writeAtomic,
} from '@kcr/core';
import { type BlockRecord, bottomUpCascade, type TryReport } from '@kcr/lfc';
import { measureLatency } from '@kcr/onnx';
import { loadPart, partMaker } from './modules.ts';
import { pruningView } from './progress.ts';
import type { PruningRecipe } from './recipe.ts';
import { loadCheckpoint } from './sources.ts';

/** What pruning needs besides its settings. */
export interface PruningContext {
  /** Training images, without augmentation. */
  train: Dataset;
  createEngine(): Promise<Engine>;
  seed: number;
}

/** What `prune.json` says of a pruned checkpoint. */
export interface PruningFile {
  /** What it is; pruning again into the folder needs the same. */
  identity: object;
  before: { params: number; macs: number };
  after: { params: number; macs: number };
  /** Of the bottom-up cascade. */
  blocks?: BlockRecord[];
}

const allocators: Readonly<Record<Exclude<PruningRecipe['allocator'], 'bcp'>, MakeAllocator>> = {
  uniform: (keepRatio) => uniform({ keepRatio }),
  global: (keepRatio) => globalThreshold({ keepRatio }),
  macs: (share) => budget({ share }),
  params: (share) => budget({ share, cost: 'params' }),
  latency: (share) =>
    budget({ share, cost: (model, weights) => measureLatency(model, weights, { runs: 50 }) }),
  drop: (points) => allowedDrop({ points }),
};
type MakeAllocator = (budget: number) => Allocator;

function scheduleOf({ schedule, rounds }: PruningRecipe): PruningSchedule {
  if (schedule === 'iterative') return iterative({ rounds });
  if (schedule === 'cascade') return cascade();
  return schedule === 'cascade-top-down' ? cascade({ order: 'top-down' }) : oneShot();
}

/**
 * Prunes a trained model into a folder, as a checkpoint with `prune.json`. A folder where that is done already is
 * read; a cascade that was interrupted goes on.
 *
 * @throws KcrError `RESUME_MISMATCH`, `OUT_EXISTS`, and those of pruning
 */
export async function pruneInto(
  directory: string,
  loaded: LoadedModel,
  settings: PruningRecipe,
  context: PruningContext,
): Promise<LoadedModel> {
  const path = join(directory, 'prune.json');
  const identity = identityOf(loaded, settings, context);
  if (existsSync(path)) {
    const file = JSON.parse(await readFile(path, 'utf8')) as PruningFile;
    requireSameRun(path, file.identity, identity);
    return loadCheckpoint(directory);
  }
  if (existsSync(join(directory, 'model.json')))
    throw new KcrError('OUT_EXISTS', {
      where: directory,
      found: 'a checkpoint that was not made by pruning',
      fix: 'Choose another output folder',
    });
  const engine = await context.createEngine();
  const view = pruningView();
  view.start(settings.criterion.use, Math.min(settings.images, context.train.length));
  try {
    const { blocks, ...pruned } =
      settings.allocator === 'bcp'
        ? await pruneByCascade(directory, loaded, settings, context, engine, view.onTry)
        : await pruneByAllocator(loaded, settings, context, engine, view.onStep);
    const { info, model: whole } = loaded;
    await saveModel(directory, pruned.model, pruned.weights, info);
    const sizes = ({ parameterCount: params, macs }: LoadedModel['model']) => ({
      params,
      macs: macs.total,
    });
    const file: PruningFile = {
      identity,
      before: sizes(whole),
      after: sizes(pruned.model),
      ...(blocks ? { blocks } : {}),
    };
    await writeAtomic(path, `${JSON.stringify(file, null, 1)}\n`);
    return { ...pruned, info };
  } finally {
    await engine.dispose();
  }
}

function identityOf({ model }: LoadedModel, settings: PruningRecipe, context: PruningContext) {
  const { architecture, config, kept } = model;
  const identity = {
    architecture: architecture.name,
    config,
    kept,
    settings,
    seed: context.seed,
    images: context.train.length,
  };
  return JSON.parse(JSON.stringify(identity)) as object;
}

async function pruneByAllocator(
  { model, weights }: LoadedModel,
  settings: PruningRecipe,
  { train, seed }: PruningContext,
  engine: Engine,
  onStep: ReturnType<typeof pruningView>['onStep'],
): Promise<PrunedModel & { blocks?: undefined }> {
  const { allocator, budget: amount, batchSize, dims, images } = settings;
  const sample = balancedSample(train, images, new Generator(seed).fork('calibration'));
  return pruneTrained({
    model,
    weights,
    engine,
    batchSize,
    dims,
    seed,
    criterion: await loadPart<Criterion>(settings.criterion),
    allocator: allocators[allocator as keyof typeof allocators](amount),
    schedule: scheduleOf(settings),
    data: subset(train, sample),
    onStep: (report) => onStep(report, model),
  });
}

async function pruneByCascade(
  directory: string,
  { model, weights }: LoadedModel,
  settings: PruningRecipe,
  { train, seed }: PruningContext,
  engine: Engine,
  onTry: (report: TryReport) => void,
) {
  const { tokens, rho, batchSize, dims } = settings;
  const make = tokens && (await partMaker<Adapter>(tokens.use));
  return bottomUpCascade({
    model,
    weights,
    engine,
    data: train,
    batchSize,
    dims,
    seed,
    rho,
    directory,
    criterion: await loadPart<Criterion>(settings.criterion),
    epsilon: settings.budget,
    order: settings.schedule === 'cascade-top-down' ? 'top-down' : 'bottom-up',
    tokens: make && ((counts) => make({ ...tokens.options, counts })),
    scoringImages: settings.images,
    calibrationImages: settings.calibrationImages,
    onTry,
  });
}
