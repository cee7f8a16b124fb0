import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NdArray } from '../ground/array.ts';
import { writeAtomic } from '../ground/atomic.ts';
import { readSafetensors, writeSafetensors } from '../ground/safetensors.ts';
import type { EpochRecord } from './epoch-record.ts';
import { type RunIdentity, requireSameRun } from './run-identity.ts';
import type { TrainerState } from './trainer.ts';

/** A training run between two epochs. */
export interface RunState {
  trainer: TrainerState;
  /** Epochs done. */
  epoch: number;
  history: EpochRecord[];
}

const FILE = 'training.safetensors';

/**
 * Saves a run in one file, so that it is whole or not there: arrays as tensors, the rest as metadata. The
 * history is also written as `metrics.jsonl`, for people.
 *
 * @param identity what the run is; it resumes only as the same
 */
export async function saveRun(
  directory: string,
  run: RunState,
  identity: RunIdentity,
): Promise<void> {
  const { trainer, epoch, history } = run;
  const metadata = { run: JSON.stringify({ identity, epoch, history, counts: trainer.counts }) };
  const lines = history.map((record) => `${JSON.stringify(record)}\n`);
  await writeAtomic(join(directory, 'metrics.jsonl'), lines.join(''));
  await writeSafetensors(join(directory, FILE), { tensors: trainer.arrays, metadata });
}

/**
 * Reads a run to go on with, if the folder has one.
 *
 * @throws KcrError `RESUME_MISMATCH` if it was another run, naming what differs
 */
export async function loadRun(
  directory: string,
  identity: RunIdentity,
): Promise<RunState | undefined> {
  const path = join(directory, FILE);
  if (!existsSync(path)) return undefined;
  const { tensors, metadata } = await readSafetensors(path);
  const saved = JSON.parse(metadata.run ?? '{}') as {
    identity: object;
    epoch: number;
    history: EpochRecord[];
    counts: TrainerState['counts'];
  };
  requireSameRun(path, saved.identity ?? {}, identity);
  const arrays: Record<string, NdArray> = tensors;
  return { trainer: { arrays, counts: saved.counts }, epoch: saved.epoch, history: saved.history };
}
