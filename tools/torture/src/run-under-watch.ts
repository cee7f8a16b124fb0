import { KcrError } from '@kcr/core';
import type { Operation } from './disk/model.ts';
import { makeOld } from './disk/tree.ts';
import { beginNewLife, type Fault, type Watched, watching } from './disk/watch.ts';
import { difference, runDigests } from './run-digests.ts';
import type { Stage } from './stages.ts';

/** How a run ended whose operations were watched. */
export interface Ended {
  readonly watched: Watched;
  /** Absent where it came to its end. */
  readonly error?: unknown;
}

/** Runs a stage as a process that begins now, after all others have ended. */
export async function runUnderWatch(
  stage: Stage,
  inputs: string,
  out: string,
  fault?: Fault,
): Promise<Ended> {
  await makeOld(out);
  beginNewLife();
  return watching(out, () => stage.run(inputs, out), fault);
}

/** What an undisturbed run does and gives. */
export interface Whole {
  readonly operations: readonly Operation[];
  readonly digests: ReadonlyMap<string, string>;
}

/** Runs a stage to its end. @throws what ended it */
export async function wholeRun(stage: Stage, inputs: string, out: string): Promise<Whole> {
  const { watched, error } = await runUnderWatch(stage, inputs, out);
  if (error) throw error;
  return { operations: watched.operations, digests: await runDigests(out) };
}

/** An error in a line. */
export const lineOf = (error: unknown): string =>
  error instanceof KcrError
    ? `${error.code}: ${error.where}: ${error.found}`
    : ((error as Error)?.stack ?? String(error)).split('\n').slice(0, 4).join(' ');

/** Lets a run that was disturbed come to its end; what is wrong then, if anything, and what it did. */
export async function ending(
  stage: Stage,
  inputs: string,
  out: string,
  { digests }: Whole,
): Promise<{ readonly wrong?: string; readonly watched: Watched }> {
  const { watched, error } = await runUnderWatch(stage, inputs, out);
  if (error) return { watched, wrong: `the next run ends by ${lineOf(error)}` };
  return { watched, wrong: difference(digests, await runDigests(out)) };
}
