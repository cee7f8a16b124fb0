import { setTimeout } from 'node:timers/promises';
import type { Generator } from '@kcr/core';
import { chance } from './mutate-bytes.ts';
import type { Row, TrialOptions } from './rows.ts';
import { type Trial, tortureRuns, whyOf } from './run-process.ts';
import type { RunReply } from './worker.ts';
import type { Died } from './worker-process.ts';

/** Milliseconds within which both are close to each other. */
const CLOSE = 60;

/** When the second one starts: as often at about the same time as at any. */
const startOf = (generator: Generator, length: number): number =>
  generator.uniform() * (chance(generator, 0.5) ? CLOSE : length);

/** What is wrong with how two ended, of which the first may have been killed. */
function wrongEnds(ends: readonly (RunReply | Died)[], killed: boolean): string | undefined {
  const odd = ends.find((end) =>
    'died' in end
      ? !(killed && end.died.startsWith('SIGKILL'))
      : end.code !== undefined && end.code !== 'OUT_LOCKED',
  );
  if (odd) return `ended by ${whyOf(odd)}`;
  const worked = ends.filter((end) => !whyOf(end)).length;
  return worked > 0 || killed ? undefined : 'none of them worked';
}

/** Starts two processes on one folder, and often kills the first one; what is wrong then, if anything. */
async function pair({ generator, length, pool, run, count }: Trial): Promise<string | undefined> {
  await using first = await pool.take();
  await using second = await pool.take();
  const starts = startOf(generator, length);
  const kills = chance(generator, 0.6) ? generator.uniform() * length : undefined;
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const killing =
    kills === undefined
      ? undefined
      : setTimeout(kills, undefined, options).then(() => first.kill());
  killing?.catch(() => {});
  const ends = await Promise.all([run(first), setTimeout(starts).then(() => run(second))]);
  stop.abort();
  count();
  const wrong = wrongEnds(ends, kills !== undefined);
  if (!wrong) return undefined;
  const how = kills === undefined ? '' : `, the first killed after ${Math.round(kills)} ms`;
  return `the second after ${Math.round(starts)} ms${how}: ${wrong}`;
}

/** Runs a stage in two processes at once in one folder. It counts pairs. */
export const tortureByPairs = (stage: string, options: TrialOptions): Promise<Row> =>
  tortureRuns(`two-${stage}`, stage, options, pair);
