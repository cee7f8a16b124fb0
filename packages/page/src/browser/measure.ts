import { speedups, spreadOf, timesInTurn } from '@kcr/core/ground';
import type { Timing } from './messages.ts';

/** A call is as many runs as take so many steps of the clock, which are up to a millisecond long in browsers. */
const CLOCK_STEPS = 50;
const COARSEST = 1;
/** About how long all of it takes. */
const TOTAL_MS = 2500;
const [FEWEST, MOST] = [11, 101];

/** Milliseconds of a step of the clock: the shortest of a few, since any may be lengthened by what else the device does. */
function clockStep(): number {
  const steps = Array.from({ length: 5 }, () => {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    return now - start;
  });
  return Math.min(...steps, COARSEST);
}

/** Milliseconds of one call, after one that is not timed. */
async function timeOf(call: () => Promise<unknown>): Promise<number> {
  await call();
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/** How long each call takes: median and quartiles of several runs, the calls in turn; and how many runs were timed. */
export async function measure(
  calls: readonly (() => Promise<unknown>)[],
): Promise<{ models: Timing[]; runs: number }> {
  const callMs = CLOCK_STEPS * clockStep();
  const repeats: number[] = [];
  let turn = 0;
  for (const call of calls) {
    const once = Math.max(await timeOf(call), 0.1);
    const times = Math.max(Math.ceil(callMs / once), 1);
    repeats.push(times);
    turn += once * times;
  }
  const runs = Math.round(Math.min(Math.max(TOTAL_MS / turn, FEWEST), MOST));
  const repeated = calls.map((call, i) => async () => {
    for (let n = 0; n < repeats[i]!; n++) await call();
  });
  const times = (await timesInTurn(repeated, runs)).map((own, i) =>
    own.map((ms) => ms / repeats[i]!),
  );
  const faster = speedups(times);
  return { models: times.map((own, i) => ({ ms: spreadOf(own), speedup: faster[i]! })), runs };
}
