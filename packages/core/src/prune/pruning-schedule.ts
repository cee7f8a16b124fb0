import {
  type Definition,
  defineExtension,
  type Extension,
  type Maker,
} from '../ground/extension.ts';
import type { Model } from '../model/model.ts';
import { invalid, type PruningPath } from './allocator.ts';
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
export interface PruningSchedule extends Extension {
  /** What it was made with, as JSON. */
  readonly options: object;
  /** @param roles of the dimensions to prune; default all that can be */
  steps(model: Model, roles?: readonly string[]): PruningStep[];
}

/** A schedule with options, as its author writes it. */
export interface ScheduleDefinition<O, I = O> extends Definition<O, I> {
  /** The steps, with options. */
  steps(options: O): PruningSchedule['steps'];
}

/**
 * Defines a schedule with options.
 *
 * @example
 * export const halves = defineSchedule({
 *   name: 'halves',
 *   contract: 1,
 *   steps: (_: object) => (model, roles) => {
 *     const dims = prunableDims(model, roles).map(({ name }) => name);
 *     return [0.5, 1].map((progress) => ({ name: `to ${progress}`, dims, later: [], progress }));
 *   },
 * });
 */
export const defineSchedule = <O extends object, I extends object = O>(
  definition: ScheduleDefinition<O, I>,
): Maker<I, PruningSchedule> =>
  defineExtension('schedule', definition, (options) => ({ steps: definition.steps(options) }));

const namesOf = (dims: readonly { name: string }[]) => dims.map(({ name }) => name);

export interface IterativeOptions {
  rounds: number;
  /** `linear` (default): parts of equal size. `geometric`: each leaves the same share of what the last one left. */
  path?: PruningPath;
}

/** In `rounds` parts, scored anew before each. A drop of accuracy goes in equal parts. @throws KcrError `OPTION` */
export const iterative = defineSchedule({
  name: 'iterative',
  contract: 1,
  steps({ rounds, path }: IterativeOptions) {
    if (path !== undefined && path !== 'linear' && path !== 'geometric')
      throw invalid('iterative, path', path, 'Give linear or geometric');
    if (!Number.isInteger(rounds) || rounds < 1)
      throw invalid('iterative, rounds', rounds, 'Give a whole number from 1');
    return (model, roles) => inRounds(model, roles, rounds, path);
  },
});

/** All at once. */
export const oneShot = defineSchedule({
  name: 'one-shot',
  contract: 1,
  steps: (_: object) => (model, roles) => inRounds(model, roles, 1),
});

function inRounds(
  model: Model,
  roles: readonly string[] | undefined,
  rounds: number,
  path?: PruningPath,
): PruningStep[] {
  const dims = blocksOf(model, roles).flatMap((block) => namesOf(block.dims));
  return Array.from({ length: rounds }, (_, i) => ({
    name: `round ${i + 1}/${rounds}`,
    dims,
    later: [],
    progress: (i + 1) / rounds,
    path,
  }));
}

/** In which order a block-wise schedule goes through the blocks. */
export type BlockOrder = 'bottom-up' | 'top-down';

/** Block by block, scored anew before each. */
export const blockwise = defineSchedule({
  name: 'blockwise',
  contract: 1,
  steps: (options: { order?: BlockOrder }) => (model, roles) => {
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
