import { existsSync } from 'node:fs';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { unwritable } from '@kcr/core';
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

/** Removes files that were being written when their process ended: `NAME.PID.tmp`. One that cannot be removed does no harm. */
async function removeLeftovers(directory: string): Promise<void> {
  const names = await readdir(directory, { recursive: true }).catch((cause) => {
    throw unwritable(directory, cause);
  });
  for (const name of names) {
    const [path, pid] = [join(directory, name), /\.(\d+)\.tmp$/.exec(name)?.[1]];
    if (pid && (await isLeftBy(Number(pid), path))) await rm(path, { force: true }).catch(() => {});
  }
}

/**
 * Whether the process that wrote a file has ended. Ids are given again, above all in containers and after a start of the
 * machine: a file that is older than these is nobody's, whoever has the id.
 */
async function isLeftBy(pid: number, path: string): Promise<boolean> {
  if (!isAlive(pid)) return true;
  const since = pid === process.pid ? performance.timeOrigin : Date.now() - 1000 * uptime();
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && written.mtimeMs < since;
}
