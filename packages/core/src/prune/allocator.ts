import { KcrError } from '../ground/error.ts';
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
export interface Allocator {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: object;
  allocate(context: AllocationContext): Promise<Kept>;
}

/** Defines an allocator with options. */
export const defineAllocator =
  <O extends object>(
    name: string,
    allocate: (options: O) => (context: AllocationContext) => Promise<Kept> | Kept,
  ) =>
  (options: O): Allocator => {
    const run = allocate(options);
    return { name, options, allocate: async (context) => run(context) };
  };

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
