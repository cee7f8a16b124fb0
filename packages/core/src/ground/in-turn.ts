/** The middle of what was measured several times, and the quartiles around it. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const WARM_UP = 3;

/**
 * Milliseconds of each run of each call, without the first few. The calls take turns, so that whatever else the machine does meets all
 * of them alike: ratios of neighbouring runs say more than ratios of medians.
 */
export async function timesInTurn(
  calls: readonly (() => Promise<unknown>)[],
  runs: number,
): Promise<number[][]> {
  const times: number[][] = calls.map(() => []);
  for (let run = 0; run < runs + WARM_UP; run++)
    for (const [i, call] of calls.entries()) {
      const start = performance.now();
      await call();
      if (run >= WARM_UP) times[i]!.push(performance.now() - start);
    }
  return times;
}

/** The median and the quartiles: values that at least so many of the others do not exceed. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1) + 0.5)]!;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** How many times faster than the first call, run by run. @param times of {@link timesInTurn} */
export const speedups = (times: readonly (readonly number[])[]): Spread[] =>
  times.map((own) => spreadOf(own.map((time, run) => times[0]![run]! / time)));
