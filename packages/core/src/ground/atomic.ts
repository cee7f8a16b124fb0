import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { KcrError } from './error.ts';
import { temporaryOf } from './temporary.ts';

/**
 * Writes a file so that a reader, also after a crash, sees the old content or the new, never a part:
 * the content goes to a file beside it, to the disk, and then takes the name.
 *
 * @throws KcrError `OUT_WRITE`
 */
export async function writeAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(path, error);
  }
}

/**
 * Makes a folder, and those on the way to it, where they are not. Node's own way never ends where one cannot be made and
 * the reason looks as if it had not been tried (`/proc/x`).
 */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const path of missing)
    await mkdir(path).catch((error: NodeJS.ErrnoException) => {
      // Another process may have been quicker.
      if (error.code !== 'EEXIST') throw error;
    });
}

/**
 * The error for a place that cannot be written to.
 *
 * @param cause what the system said, or what stands there instead
 */
export const unwritable = (where: string, cause: unknown): KcrError =>
  new KcrError('OUT_WRITE', {
    where,
    found: cause instanceof Error ? cause.message : String(cause),
    fix: 'Choose another place for the output, or make room and let it be written to',
    cause,
  });
