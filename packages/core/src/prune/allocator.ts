import { KcrError } from '../ground/error.ts';
import {
  type Definition,
  defineExtension,
  type Extension,
  type Maker,
} from '../ground/extension.ts';
import type { Kept } from '../model/dim.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { Scores } from './selection.ts';

/** What an allocator may use to choose channels. */
export interface AllocationContext {
  model: Model;
  weights: StateDict;
  /** Of the dimensions to choose from now. */
  scores: Scores;
  /** The model before any pruning, of which targets are shares. */
  whole: Model;
  wholeWeights: StateDict;
  /** Share of the way to the target that the dimensions to choose from should be brought now, above 0, at most 1. */
  progress: number;
  /** How a share of the way is measured. */
  path: PruningPath;
  /** Dimensions that come after these in a block-wise schedule, which will bear their part of the target. */
  later: readonly string[];
  /** Top-1 accuracy on the calibration images. */
  accuracy(model: Model, weights: StateDict): Promise<number>;
}

/** Turns scores into a selection. */
export interface Allocator extends Extension {
  /** What it was made with, as JSON. */
  readonly options: object;
  allocate(context: AllocationContext): Promise<Kept>;
}

/** An allocator with options, as its author writes it. */
export interface AllocatorDefinition<O, I = O> extends Definition<O, I> {
  /** The channels to keep by dimension, with options. */
  allocate(options: O): (context: AllocationContext) => Promise<Kept> | Kept;
}

/**
 * Defines an allocator with options.
 *
 * @example
 * export const first = defineAllocator({
 *   name: 'first',
 *   contract: 1,
 *   allocate: ({ n }: { n: number }) => ({ model, scores }) =>
 *     selectCounts(model, scores, () => n),
 * });
 */
export const defineAllocator = <O extends object, I extends object = O>(
  definition: AllocatorDefinition<O, I>,
): Maker<I, Allocator> =>
  defineExtension('allocator', definition, (options) => {
    const run = definition.allocate(options);
    return { allocate: async (context: AllocationContext) => run(context) };
  });

export const invalid = (where: string, found: unknown, fix: string) =>
  new KcrError('OPTION', { where, found: String(found), fix });

/** @throws KcrError `OPTION` for a share to keep that is not above 0, at most 1 */
export function checkShare(where: string, share: number): void {
  if (!(share > 0 && share <= 1))
    throw invalid(where, share, 'Give a share to keep, above 0, at most 1');
}

/**
 * How the share that is left goes from 1 to a target: in equal steps (`linear`), or by equal factors, target^progress
 * (`geometric`).
 */
export type PruningPath = 'linear' | 'geometric';

/** A target that is reached by a share of the way. */
export const partOf = (
  target: number,
  { progress, path }: Pick<AllocationContext, 'progress' | 'path'>,
): number => (path === 'geometric' ? target ** progress : 1 - (1 - target) * progress);
