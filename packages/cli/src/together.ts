import { type Communicator, KcrError } from '@kcr/core';
import { alone } from '@kcr/core/internal';
import { mpiCommunicator, mpiPlace, ownCores } from '@kcr/mpi';
import { engineMaker, type RunOptions } from '@kcr/pipeline';
import type { RecipeOptions } from './options.ts';
import { progress } from './progress.ts';

/** Commands that processes started by MPI run together. */
const TOGETHER: readonly string[] = ['compress', 'search', 'retrain'];

/** How many processes one starter has started, of which this is one. */
const startedProcesses = (): number => mpiPlace()?.size ?? 1;

/** Whether this is one of several processes, and not the first. */
export const isFollower = (): boolean => (mpiPlace()?.rank ?? 0) > 0;

/** Refuses what each process would do by itself, in one place. @throws KcrError `MPI_COMMAND` */
export function requireTogether(command: string): void {
  const size = startedProcesses();
  if (size === 1 || TOGETHER.includes(command)) return;
  throw new KcrError('MPI_COMMAND', {
    where: `kcr ${command}`,
    found: `${size} processes, which would all do the same`,
    fix: `Start it in one process; those that work together are ${TOGETHER.join(', ')}`,
  });
}

/** What a command over a recipe is run with. */
export type TogetherOptions = Omit<RunOptions, 'communicator'> & {
  readonly communicator: Communicator;
};

/**
 * The options of a command over a recipe, as the pipeline takes them, once this process has joined those that it was started with.
 * The first one alone says how it goes. Each has an engine with as many threads as it has cores.
 *
 * @throws KcrError `MPI_LIBRARY`, `MPI_FAILED`
 */
export async function together({
  engine,
  device,
  json: _,
  ...options
}: RecipeOptions): Promise<TogetherOptions> {
  if (startedProcesses() === 1)
    return {
      ...options,
      engine: engineMaker(engine, { device }),
      communicator: alone,
      on: progress(),
    };
  const communicator = mpiCommunicator();
  const threads = await ownCores(communicator);
  // Read by what makes images, where nobody has said it.
  process.env.KCR_WORKERS ??= String(threads - 1);
  return {
    ...options,
    engine: engineMaker(engine, { device, threads }),
    communicator,
    on: communicator.rank === 0 ? progress() : () => {},
  };
}
