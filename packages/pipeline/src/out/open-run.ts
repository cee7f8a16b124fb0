import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './processes.ts';
import { lockRun } from './run-lock.ts';
import { requireWritable } from './writable.ts';

/**
 * Makes a run's folder, or opens it again: it can be written to, it is this process's alone until it is disposed of, and
 * what processes that were killed left half written is gone.
 *
 * @throws KcrError `OUT_WRITE`, `OUT_LOCKED`
 */
export async function openRun(directory: string): Promise<AsyncDisposable> {
  const isNew = !existsSync(directory);
  await requireWritable(directory);
  const lock = await lockRun(directory);
  await removeLeftovers(directory);
  return {
    async [Symbol.asyncDispose]() {
      await lock[Symbol.asyncDispose]();
      // A run that failed before it made anything leaves no folder.
      if (isNew) await rmdir(directory).catch(() => {});
    },
  };
}

/** Removes files that were being written when their process ended: `NAME.PID.tmp`. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory, { recursive: true })) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) await rm(join(directory, name), { force: true });
  }
}
