import type { HalvingStrategy } from './sweep.ts';

/** Settings that are tried for as many epochs. */
export interface Rung {
  /** How many there are at most. */
  readonly settings: number;
  /** For how long each is trained; absent where the strategy has no say in it. */
  readonly epochs?: number;
}

/** How often a number can be divided by a factor and is still at least 1. */
function divisions(ratio: number, factor: number): number {
  let n = 0;
  for (let power = factor; power <= ratio; power *= factor) n++;
  return n;
}

/**
 * The rungs of successive halving, for each of Hyperband's brackets, the one that stops earliest first (Li et al. 2018,
 * "Hyperband", algorithm 1 and table 1). With s divisions of the longest training by `factor`, a bracket starts
 * floor((s_max + 1) / (s + 1)) factor^s settings, as the paper's table has them, and leaves one of `factor` after each rung.
 *
 * @returns at most as many brackets as asked for
 */
export function halvingBrackets({
  minEpochs,
  maxEpochs,
  factor,
  trials,
  brackets,
}: Pick<HalvingStrategy, 'minEpochs' | 'maxEpochs' | 'factor' | 'trials' | 'brackets'>): Rung[][] {
  const most = divisions(maxEpochs / minEpochs, factor);
  return Array.from({ length: Math.min(brackets, most + 1) }, (_, nth) => {
    const s = most - nth;
    const start = trials ?? Math.floor((most + 1) / (s + 1)) * factor ** s;
    return Array.from({ length: s + 1 }, (_unused, rung) => ({
      settings: Math.floor(start / factor ** rung),
      epochs: Math.round(maxEpochs / factor ** (s - rung)),
    })).filter(({ settings }) => settings > 0);
  });
}
