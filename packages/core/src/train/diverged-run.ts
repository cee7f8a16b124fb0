import { KcrError } from '../ground/error.ts';

/** What a run fails by when its numbers are no longer finite. */
const DIVERGED: readonly string[] = [
  'LOSS_NOT_FINITE',
  'OUTPUT_FINITE',
  'EVALUATION_FINITE',
  'STATE_FINITE',
];

/** Says of a run that diverged that what it saved is still there. */
export function withCheckpoint(error: unknown, directory: string, epoch: number): unknown {
  if (!(error instanceof KcrError && DIVERGED.includes(error.code))) return error;
  const { code, where, found, fix } = error;
  const kept = `the checkpoint of epoch ${epoch} in ${directory} is as it was`;
  return new KcrError(code, { where, found, fix: `${fix}; ${kept}`, cause: error });
}
