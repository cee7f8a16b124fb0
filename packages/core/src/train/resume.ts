import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomic } from '../ground/atomic.ts';
import { isGeneratorState } from '../ground/generator-state.ts';
import { isCount, isRecord } from '../ground/json-value.ts';
import { writeSafetensors } from '../ground/safetensors.ts';
import type { EpochRecord } from './epoch-record.ts';
import type { RunIdentity } from './run-identity.ts';
import { stateDamaged } from './seal.ts';
import type { Snapshots } from './snapshots.ts';
import { readState, writeState } from './state-file.ts';
import { named, SNAPSHOT } from './state-names.ts';
import type { RandomState, TrainerState } from './trainer.ts';

/** What is done of an epoch that has not ended. */
export interface PartOfEpoch {
  /** Updates done, at least one. */
  readonly step: number;
  /** Sums over them of the loss and its terms. */
  readonly totals: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly random: RandomState;
}

/** A training run between two updates. */
export interface RunState {
  trainer: TrainerState;
  /** Epochs done. */
  epoch: number;
  history: EpochRecord[];
  snapshots: Snapshots;
  /** Where it is in the epoch after those; nothing between two. */
  within?: PartOfEpoch;
}

/** The file of a training's folder that it goes on from. */
export const trainingFile = (directory: string): string => join(directory, 'training.safetensors');

/** The file of a training's folder with what its plugins gave of each epoch. */
export const snapshotsFile = (directory: string): string =>
  join(directory, 'snapshots.safetensors');

/** A record without the entries under a prefix. */
const without = <T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).filter(([name]) => !name.startsWith(prefix)));

/**
 * Saves a run in one file, as {@link writeState}. The history is also written as `metrics.jsonl`, for people, and the snapshots as
 * `snapshots.safetensors`, when an epoch has ended.
 *
 * @param identity what the run is; it resumes only as the same
 */
export async function saveRun(
  directory: string,
  run: RunState,
  identity: RunIdentity,
): Promise<void> {
  const { trainer, epoch, history, snapshots, within } = run;
  const { counts } = trainer;
  const arrays = { ...trainer.arrays, ...named(snapshots, '', SNAPSHOT) };
  if (!within) await saveHistory(directory, run);
  const facts = { epoch, history, counts, ...(within && { within }) };
  await writeState(trainingFile(directory), { arrays, facts }, identity);
}

/** Writes `metrics.jsonl`, a line of JSON for each epoch, and `snapshots.safetensors` where there are any. */
export async function saveHistory(
  directory: string,
  { history, snapshots }: Pick<RunState, 'history' | 'snapshots'>,
): Promise<void> {
  const lines = history.map((record) => `${JSON.stringify(record)}\n`);
  await writeAtomic(join(directory, 'metrics.jsonl'), lines.join(''));
  if (Object.keys(snapshots).length > 0)
    await writeSafetensors(snapshotsFile(directory), { tensors: snapshots, metadata: {} });
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
  const { epoch, history, counts, within } = facts;
  if (!isCount(epoch) || epoch > epochs)
    throw stateDamaged(path, `epoch ${JSON.stringify(epoch)} of ${epochs}`);
  if (!isHistory(history, epoch)) throw stateDamaged(path, `no history of ${epoch} epochs`);
  if (!isCounts(counts)) throw stateDamaged(path, 'no number of steps for each group');
  if (!(within === undefined || (epoch < epochs && isPartOfEpoch(within))))
    throw stateDamaged(path, `no place within epoch ${epoch + 1} of ${epochs}`);
  const snapshots = named(arrays, SNAPSHOT);
  for (const [name, { shape }] of Object.entries(snapshots))
    if (shape[0] !== epoch) throw stateDamaged(path, `${name}: ${shape[0]} of ${epoch} epochs`);
  const trainer = { arrays: without(arrays, SNAPSHOT), counts };
  return { trainer, epoch, history, snapshots, within };
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

const isPartOfEpoch = (value: unknown): value is PartOfEpoch =>
  isRecord(value) &&
  isCount(value.step) &&
  value.step > 0 &&
  isRecord(value.totals) &&
  [value.seconds, ...Object.values(value.totals)].every((x) => Number.isFinite(x)) &&
  isRandomState(value.random);

const isRandomState = (value: unknown): value is RandomState =>
  isRecord(value) &&
  Array.isArray(value.ranks) &&
  [value.shared, ...value.ranks].every(isGeneratorState);
