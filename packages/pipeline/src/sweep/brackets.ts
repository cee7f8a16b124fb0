import { halvingBrackets, type Rung } from './halving-brackets.ts';
import { gridPoints, randomPoints } from './points.ts';
import type { Point, Sweep } from './sweep.ts';

/** Settings of which the best go on from rung to rung. */
export interface Bracket {
  readonly points: readonly Point[];
  readonly rungs: readonly Rung[];
}

/** The brackets of a sweep, with the settings that each starts. */
export function bracketsOf({ parameters, strategy }: Sweep): Bracket[] {
  if (strategy.kind !== 'halving') {
    const points =
      strategy.kind === 'grid'
        ? gridPoints(parameters)
        : randomPoints(parameters, strategy.trials, strategy.seed);
    return [{ points, rungs: [{ settings: points.length }] }];
  }
  const brackets = halvingBrackets(strategy);
  const sizes = brackets.map((rungs) => rungs[0]!.settings);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const points = randomPoints(parameters, all, strategy.seed);
  let start = 0;
  return brackets.map((rungs, i) => ({
    points: points.slice(start, (start += sizes[i]!)),
    rungs,
  }));
}

/** All settings that a sweep starts with. */
export const startPoints = (sweep: Sweep): Point[] =>
  bracketsOf(sweep).flatMap(({ points }) => points);
