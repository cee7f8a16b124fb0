import type { Row, TrialOptions } from './rows.ts';
import { type Trial, tortureRuns, whyOf } from './run-process.ts';

/** Most kills of one run. */
const MOST = 6;

/** Kills a run once or more often; what is wrong then, if anything. */
async function kill(trial: Trial, most: number): Promise<string | undefined> {
  const { generator, length, pool, run, count } = trial;
  const moments: number[] = [];
  for (let left = 1 + generator.integer(most); left > 0; left--) {
    // What is done already is not done again: later kills come sooner.
    const moment = Math.round((generator.uniform() * length) / (1 + moments.length / 2));
    moments.push(moment);
    await using process = await pool.take();
    const timer = setTimeout(() => process.kill(), moment);
    const ended = await run(process);
    clearTimeout(timer);
    const why = whyOf(ended);
    if (!why) break;
    count();
    if (!('died' in ended) || !ended.died.startsWith('SIGKILL'))
      return `killed after ${moments} ms: ${why}`;
  }
  return undefined;
}

/**
 * Runs a stage again and again and kills its processes at random moments. It counts kills.
 *
 * @param most kills of one run
 */
export const tortureByKills = (stage: string, options: TrialOptions, most = MOST): Promise<Row> =>
  tortureRuns(`kill-${stage}`, stage, options, (trial) => kill(trial, most));
