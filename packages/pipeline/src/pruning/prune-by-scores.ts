import { join } from 'node:path';
import {
  type Allocator,
  balancedSample,
  type Criterion,
  Generator,
  type PruningSchedule,
  pruneTrained,
  subset,
} from '@kcr/core';
import { scoreCharts } from '@kcr/core/internal';
import type { LatencyTable } from '@kcr/onnx';
import { writeLatencies } from '../latency/latency-file.ts';
import { measureLayers } from '../latency/measure-layers.ts';
import { loadPart } from '../modules.ts';
import type { ScorePruning } from '../recipes/recipe.ts';
import { allocators } from './allocators.ts';
import type { Pruned, PruningJob } from './pruning-job.ts';
import { schedules } from './schedules.ts';

/** The table of latencies that a budget of time was planned with. */
const LATENCIES = 'latencies.json';

/** Prunes by a criterion's scores: an allocator chooses channels when a schedule says. */
export async function pruneByScores(settings: ScorePruning, job: PruningJob): Promise<Pruned> {
  const { loaded, engine, train, from, seed, on } = job;
  const { model, weights } = loaded;
  const { allocator, schedule, rounds, batchSize, dims, images } = settings;
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
    criterion: await loadPart<Criterion>(settings.criterion, from),
    allocator:
      typeof allocator === 'string'
        ? namedAllocator(allocator, settings, job)
        : await loadPart<Allocator>(allocator, from),
    schedule:
      typeof schedule === 'string'
        ? schedules[schedule](rounds)
        : await loadPart<PruningSchedule>(schedule, from),
    data: subset(train, sample),
    onStep: (report) => on({ type: 'pruning-step', report, whole }),
    onScores(scores) {
      for (const [name, values] of scores) if (!first.has(name)) first.set(name, values);
    },
  });
  return { ...pruned, charts: scoreCharts(model, first) };
}

/** An allocator by its name. A table of latencies that was not given is measured, and kept beside the checkpoint. */
function namedAllocator(
  name: keyof typeof allocators,
  { budget, align, wholeHeads, dims }: ScorePruning,
  { loaded, directory, on, latencies: given }: PruningJob,
): Allocator {
  const measured = async (): Promise<LatencyTable> => {
    const table = await measureLayers(loaded, { dims, on });
    await writeLatencies(join(directory, LATENCIES), table);
    return table;
  };
  let table: Promise<LatencyTable> | undefined;
  const latencies = async () => given ?? (await (table ??= measured()));
  return allocators[name](budget!, { align, wholeHeads }, latencies);
}
