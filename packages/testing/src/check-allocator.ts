import {
  type AllocationContext,
  type Allocator,
  blockwise,
  type Dataset,
  defineCriterion,
  iterative,
  type Kept,
  type Model,
  oneShot,
  type PruningSchedule,
  prunableDims,
  prune,
  pruneTrained,
  type StateDict,
} from '@kcr/core';
import { labelledImages } from './data.ts';
import { eagerEngine } from './engines.ts';
import { allOnAll, type TriedModels, triedModels } from './on-models.ts';
import type { Report } from './report.ts';
import {
  type CheckOf,
  fails,
  holds,
  runChecks,
  type Skipped,
  type Suite,
  suiteOf,
} from './suite.ts';
import { livelyWeights, numberText } from './values.ts';

/** A function that makes allocators, as `defineAllocator` gives it. */
export type MakesAllocator<O extends object> = ((options: O) => Allocator) & {
  readonly name: string;
};

export interface AllocatorOptions<O extends object> {
  /** What the allocator is made with. */
  readonly options: O;
  /** Default: a small ViT and a small MobileViT. */
  readonly models?: TriedModels;
  /** Checks to leave out, each with the reason. */
  readonly skip?: Skipped;
}

interface AllocatorSubject {
  readonly prefix: string;
  readonly model: Model;
  readonly weights: StateDict;
  readonly data: Dataset;
  readonly allocator: Allocator;
}

/** Scores at random, from the run's own numbers. */
const anyScores = defineCriterion({
  name: 'any-scores',
  contract: 1,
  score:
    (_: object) =>
    ({ model, generator }) =>
      new Map(
        prunableDims(model).map(({ name, size }) => [name, generator.array(size, 'uniform')]),
      ),
});

/** A call of an allocator, and what it gave. */
interface Allocation {
  readonly context: AllocationContext;
  readonly kept: Kept;
  /** The scores as they were before it. */
  readonly scores: ReadonlyMap<string, readonly number[]>;
}

/** Prunes with any scores, and notes what the allocator was asked and gave. */
async function allocations(
  { model, weights, data, allocator }: AllocatorSubject,
  schedule: PruningSchedule = oneShot({}),
) {
  const calls: Allocation[] = [];
  const noting: Allocator = {
    ...allocator,
    async allocate(context) {
      const scores = new Map(
        [...context.scores].map(([name, values]) => [name, Array.from(values)]),
      );
      const kept = await allocator.allocate(context);
      calls.push({ context, kept, scores });
      return kept;
    },
  };
  await using engine = await eagerEngine();
  const pruned = await pruneTrained({
    model,
    weights,
    criterion: anyScores({}),
    allocator: noting,
    schedule,
    engine,
    data,
    batchSize: 8,
    seed: 1,
  });
  return { calls, pruned };
}

const builds: CheckOf<AllocatorSubject> = {
  expected: 'its selection is one that the model can be pruned by',
  async run(subject) {
    const { pruned } = await allocations(subject);
    return holds(
      `${numberText(pruned.model.macs.total)} of ${numberText(subject.model.macs.total)} MACs left`,
    );
  },
};

const order: CheckOf<AllocatorSubject> = {
  expected: 'of a dim without heads no channel goes while one with a lower score stays',
  async run(subject) {
    const { calls } = await allocations(subject);
    for (const { context, kept, scores } of calls)
      for (const [name, values] of scores) {
        const dim = context.model.dims.get(name)!;
        if (dim.groups > 1 || dim.of?.prunable || !kept[name]) continue;
        const stays = new Set(kept[name]);
        const gone = values.filter((_, i) => !stays.has(i));
        const least = Math.min(...kept[name].map((i) => values[i]!));
        const most = Math.max(...gone);
        if (most > least)
          return fails(
            `a channel of ${name} with score ${numberText(most)} goes, and one with ${numberText(least)} stays`,
            `${subject.prefix}allocate()`,
          );
      }
    return holds('the highest scores stay');
  },
};

const progress: CheckOf<AllocatorSubject> = {
  expected: 'half of the way leaves at least as many MACs as all of it (`progress`)',
  async run(subject) {
    const { model, prefix } = subject;
    const { calls } = await allocations(subject);
    const { context, kept } = calls[0]!;
    const half = await subject.allocator.allocate({ ...context, progress: 0.5 });
    const [first, last] = [prune(model, half).macs.total, prune(model, kept).macs.total];
    const shown = `${numberText(first)} MACs after half of the way, ${numberText(last)} after all of it`;
    return first >= last
      ? holds(shown)
      : fails(shown, `${prefix}allocate(): progress, see partOf()`);
  },
};

const schedules: Readonly<Record<string, PruningSchedule>> = {
  'in two rounds': iterative({ rounds: 2 }),
  'block by block': blockwise({}),
};

const scheduled: CheckOf<AllocatorSubject> = {
  expected:
    'it chooses among the dims of a step alone, of models that were pruned before, in rounds and block by block',
  async run(subject) {
    const { model } = subject;
    const left: string[] = [];
    for (const [name, schedule] of Object.entries(schedules)) {
      const { calls, pruned } = await allocations(subject, schedule);
      for (const { kept, scores } of calls) {
        const other = Object.keys(kept).find((dim) => !scores.has(dim));
        if (other !== undefined)
          return fails(
            `it chooses channels of ${other}, which the step has no scores of, ${name}`,
            `${subject.prefix}allocate(): scores`,
          );
      }
      left.push(`${numberText(pruned.model.macs.total)} ${name}`);
    }
    return holds(`of ${numberText(model.macs.total)} MACs ${left.join(', ')}`);
  },
};

const seed: CheckOf<AllocatorSubject> = {
  expected: 'it chooses alike twice',
  async run(subject) {
    const runs = [await allocations(subject), await allocations(subject)];
    const [a, b] = runs.map(({ pruned }) => JSON.stringify(pruned.model.kept));
    return a === b
      ? holds('the same channels')
      : fails('other channels', `${subject.prefix}allocate()`);
  },
};

const untouched: CheckOf<AllocatorSubject> = {
  expected: 'the scores that it is given stay as they are',
  async run(subject) {
    const { calls } = await allocations(subject);
    for (const { context, scores } of calls)
      for (const [name, before] of scores)
        if (Array.from(context.scores.get(name) ?? []).join() !== before.join())
          return fails(
            `scores of ${name} were changed`,
            `${subject.prefix}allocate(): sort a copy`,
          );
    return holds('they do');
  },
};

const speed: CheckOf<AllocatorSubject> = {
  expected: 'a number to look at; it is not judged',
  async run(subject) {
    const started = performance.now();
    await allocations(subject);
    return holds(`${(performance.now() - started).toFixed(0)} ms`);
  },
};

/**
 * The checks of an allocator: that models can be pruned by what it selects, by any schedule, highest scores first.
 *
 * @param make as a package exports it
 */
export function allocatorChecks<O extends object>(
  make: MakesAllocator<O>,
  { options, models = ['vit', 'mobilevit'], skip }: AllocatorOptions<O>,
): Suite {
  const subjects = (): AllocatorSubject[] =>
    triedModels(models).map(([name, model]) => ({
      prefix: `${name}, `,
      model,
      weights: livelyWeights(model),
      data: labelledImages(model, 8),
      allocator: make(options),
    }));
  const checks = allOnAll({ builds, order, progress, scheduled, seed, untouched, speed });
  return suiteOf(make.name, subjects, checks, skip);
}

/** Runs {@link allocatorChecks}. */
export const checkAllocator = <O extends object>(
  make: MakesAllocator<O>,
  options: AllocatorOptions<O>,
): Promise<Report> => runChecks(allocatorChecks(make, options));
