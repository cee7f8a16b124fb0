import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomic } from '../ground/atomic.ts';
import { isCount, isRecord } from '../ground/json-value.ts';
import type { EpochRecord } from './epoch-record.ts';
import type { RunIdentity } from './run-identity.ts';
import { stateDamaged } from './seal.ts';
import { readState, writeState } from './state-file.ts';
import type { TrainerState } from './trainer.ts';

/** A training run between two epochs. */
export interface RunState {
  trainer: TrainerState;
  /** Epochs done. */
  epoch: number;
  history: EpochRecord[];
}

/** The file of a training's folder that it goes on from. */
export const trainingFile = (directory: string): string => join(directory, 'training.safetensors');

/**
 * Saves a run in one file, as {@link writeState}. The history is also written as `metrics.jsonl`, for people.
 *
 * @param identity what the run is; it resumes only as the same
 */
export async function saveRun(
  directory: string,
  run: RunState,
  identity: RunIdentity,
): Promise<void> {
  const { trainer, epoch, history } = run;
  const { arrays, counts } = trainer;
  await saveHistory(directory, history);
  await writeState(
    trainingFile(directory),
    { arrays, facts: { epoch, history, counts } },
    identity,
  );
}

/** Writes `metrics.jsonl`: a line of JSON for each epoch. */
export function saveHistory(directory: string, history: readonly EpochRecord[]): Promise<void> {
  const lines = history.map((record) => `${JSON.stringify(record)}\n`);
  return writeAtomic(join(directory, 'metrics.jsonl'), lines.join(''));
}

/**
 * Reads a run to go on with, if the folder has one.
 *
 * @param epochs of the whole run
 * @throws KcrError `RESUME_MISMATCH` if it was another run, naming what differs; `STATE_DAMAGED` for a file that is not as it
 *   was written, or that no run of so many epochs leaves
 */
export async function loadRun(
  directory: string,
  identity: RunIdentity,
  epochs: number,
): Promise<RunState | undefined> {
  const path = trainingFile(directory);
  if (!existsSync(path)) return undefined;
  const { arrays, facts } = await readState(path, identity);
  const { epoch, history, counts } = facts;
  if (!isCount(epoch) || epoch > epochs)
    throw stateDamaged(path, `epoch ${JSON.stringify(epoch)} of ${epochs}`);
  if (!isHistory(history, epoch)) throw stateDamaged(path, `no history of ${epoch} epochs`);
  if (!isCounts(counts)) throw stateDamaged(path, 'no number of steps for each group');
  return { trainer: { arrays, counts }, epoch, history };
}

/** Whether a value is a record of finite numbers for each of the first epochs. */
const isHistory = (value: unknown, epochs: number): value is EpochRecord[] =>
  Array.isArray(value) &&
  value.length === epochs &&
  value.every(
    (record, i) =>
      isRecord(record) &&
      record.epoch === i + 1 &&
      Object.values(record).every((x) => Number.isFinite(x)),
  );

const GROUPS: readonly string[] = ['weights', 'architecture', 'all'];

const isCounts = (value: unknown): value is TrainerState['counts'] =>
  isRecord(value) &&
  Object.entries(value).every(([group, n]) => GROUPS.includes(group) && isCount(n));
