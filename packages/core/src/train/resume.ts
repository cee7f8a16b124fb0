import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NdArray } from '../array.ts';
import { writeAtomic } from '../atomic.ts';
import { KcrError } from '../error.ts';
import { readSafetensors, writeSafetensors } from '../safetensors.ts';
import type { TrainerState } from './trainer.ts';

/** Numbers of one epoch: loss, learning rate, validation and the plugins' metrics. */
export type EpochRecord = Record<string, number>;

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
export async function saveRun(directory: string, run: RunState, identity: object): Promise<void> {
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
export async function loadRun(directory: string, identity: object): Promise<RunState | undefined> {
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

/**
 * Checks that a run that was saved is the one to go on with.
 *
 * @param identities what each is, as JSON
 * @throws KcrError `RESUME_MISMATCH` naming what differs
 */
export function requireSameRun(path: string, ...identities: [saved: object, now: object]): void {
  const [saved, now] = identities as [Record<string, unknown>, Record<string, unknown>];
  const differing = [...new Set([...Object.keys(now), ...Object.keys(saved)])].filter(
    (key) => JSON.stringify(saved[key]) !== JSON.stringify(now[key]),
  );
  if (differing.length > 0)
    throw new KcrError('RESUME_MISMATCH', {
      where: path,
      found: `a run with another ${differing.join(', ')}`,
      fix: 'Choose another output folder, or delete this one to start again',
    });
}
