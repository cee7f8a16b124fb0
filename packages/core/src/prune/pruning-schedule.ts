import { KcrError } from '../ground/error.ts';
import type { Model } from '../model/model.ts';
import type { PruningPath } from './allocator.ts';
import { blocksOf } from './blocks.ts';

/** Channels to choose at once. */
export interface PruningStep {
  readonly name: string;
  /** The dimensions to choose from. */
  readonly dims: readonly string[];
  /** Dimensions that only later steps choose from. */
  readonly later: readonly string[];
  /** Share of the way to the target that the dimensions are brought. */
  readonly progress: number;
  /** How that share is measured. Default `linear`. */
  readonly path?: PruningPath;
}

/** When a model's dimensions are scored and pruned. */
export interface PruningSchedule {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: object;
  /** @param roles of the dimensions to prune; default all that can be */
  steps(model: Model, roles?: readonly string[]): PruningStep[];
}

const namesOf = (dims: readonly { name: string }[]) => dims.map(({ name }) => name);

export interface IterativeOptions {
  rounds: number;
  /** `linear` (default): parts of equal size. `geometric`: each leaves the same share of what the last one left. */
  path?: PruningPath;
}

/** In `rounds` parts, scored anew before each. A drop of accuracy goes in equal parts. @throws KcrError `OPTION` */
export function iterative(options: IterativeOptions): PruningSchedule {
  const { rounds, path } = options;
  if (path !== undefined && path !== 'linear' && path !== 'geometric')
    throw new KcrError('OPTION', {
      where: 'iterative, path',
      found: String(path),
      fix: 'Give linear or geometric',
    });
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new KcrError('OPTION', {
      where: 'iterative, rounds',
      found: String(rounds),
      fix: 'Give a whole number from 1',
    });
  return {
    name: 'iterative',
    options,
    steps(model, roles) {
      const dims = blocksOf(model, roles).flatMap((block) => namesOf(block.dims));
      return Array.from({ length: rounds }, (_, i) => ({
        name: `round ${i + 1}/${rounds}`,
        dims,
        later: [],
        progress: (i + 1) / rounds,
        path,
      }));
    },
  };
}

/** All at once. */
export const oneShot = (): PruningSchedule => ({
  ...iterative({ rounds: 1 }),
  name: 'one-shot',
  options: {},
});

/** In which order a block-wise schedule goes through the blocks. */
export type BlockOrder = 'bottom-up' | 'top-down';

/** Block by block, scored anew before each. */
export const blockwise = (options: { order?: BlockOrder } = {}): PruningSchedule => ({
  name: 'blockwise',
  options,
  steps(model, roles) {
    const blocks = blocksOf(model, roles);
    if (options.order === 'top-down') blocks.reverse();
    return blocks.map(({ name, dims }, i) => ({
      name,
      dims: namesOf(dims),
      later: blocks.slice(i + 1).flatMap((block) => namesOf(block.dims)),
      progress: 1,
    }));
  },
});
