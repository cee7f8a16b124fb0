import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { removeLeftovers, unwritable } from '@kcr/core/internal';
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
  await removeLeftovers(directory).catch((cause) => {
    throw unwritable(directory, cause);
  });
  return {
    async [Symbol.asyncDispose]() {
      await lock[Symbol.asyncDispose]();
      // A run that failed before it made anything leaves no folder.
      if (isNew) await rmdir(directory).catch(() => {});
    },
  };
}
