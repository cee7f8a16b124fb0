import {
  type Allocator,
  balancedSample,
  type Criterion,
  Generator,
  type PruningSchedule,
  pruneTrained,
  scoreCharts,
  subset,
} from '@kcr/core';
import { loadPart } from '../modules.ts';
import type { ScorePruning } from '../recipes/recipe.ts';
import { allocators } from './allocators.ts';
import type { Pruned, PruningJob } from './pruning-job.ts';
import { schedules } from './schedules.ts';

/** Prunes by a criterion's scores: an allocator chooses channels when a schedule says. */
export async function pruneByScores(
  settings: ScorePruning,
  { loaded: { model, weights }, engine, train, seed, on }: PruningJob,
): Promise<Pruned> {
  const { allocator, budget, align, wholeHeads, schedule, rounds, batchSize, dims, images } =
    settings;
  const sample = balancedSample(train, images, new Generator(seed).fork('calibration'));
  const whole = { macs: model.macs.total, params: model.parameterCount };
  // The first of each dimension are those of the whole model, or of what the blocks before it left.
  const first = new Map<string, ArrayLike<number>>();
  const pruned = await pruneTrained({
    model,
    weights,
    engine,
    batchSize,
    dims,
    seed,
    criterion: await loadPart<Criterion>(settings.criterion),
    allocator:
      typeof allocator === 'string'
        ? allocators[allocator](budget!, { align, wholeHeads })
        : await loadPart<Allocator>(allocator),
    schedule:
      typeof schedule === 'string'
        ? schedules[schedule](rounds)
        : await loadPart<PruningSchedule>(schedule),
    data: subset(train, sample),
    onStep: (report) => on({ type: 'pruning-step', report, whole }),
    onScores(scores) {
      for (const [name, values] of scores) if (!first.has(name)) first.set(name, values);
    },
  });
  return { ...pruned, charts: scoreCharts(model, first) };
}
