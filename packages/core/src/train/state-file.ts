import type { NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { readSafetensors, writeSafetensors } from '../ground/safetensors.ts';
import { type RunIdentity, requireSameRun } from './run-identity.ts';
import { parseState, seal, stateDamaged, unseal } from './seal.ts';

/** What a stage goes on from. */
export interface StageState<F> {
  readonly arrays: Record<string, NdArray>;
  /** All else, as JSON. */
  readonly facts: F;
}

/**
 * Saves what a stage goes on from in one file, so that it is whole or not there: arrays as tensors, the rest as metadata,
 * with a checksum over both.
 *
 * @param identity what the stage is; it goes on only as the same
 */
export function writeState(
  path: string,
  { arrays, facts }: StageState<object>,
  identity: RunIdentity,
): Promise<void> {
  const metadata = { run: JSON.stringify(seal({ identity, ...facts }, arrays)) };
  return writeSafetensors(path, { tensors: arrays, metadata });
}

/**
 * Reads what a stage goes on from.
 *
 * @returns the facts as they stand in the file, which is as it was written
 * @throws KcrError `STATE_DAMAGED` for a file that is not as it was written, `RESUME_MISMATCH` if it was another stage, naming
 *   what differs
 */
export async function readState(
  path: string,
  identity: RunIdentity,
): Promise<StageState<Record<string, unknown>>> {
  const { tensors, metadata } = await readSafetensors(path).catch((error) => {
    if (!(error instanceof KcrError)) throw error;
    throw stateDamaged(path, error.found, error);
  });
  if (typeof metadata.run !== 'string') throw stateDamaged(path, 'no run in its metadata');
  const run = unseal(path, parseState(path, metadata.run), tensors) as Record<string, unknown>;
  const { identity: saved, ...facts } = run;
  requireSameRun(path, (saved ?? {}) as object, identity);
  return { arrays: tensors, facts };
}
