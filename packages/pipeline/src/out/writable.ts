import { open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, temporaryOf, unwritable } from '@kcr/core/internal';

/** Bytes that are tried: more than a file system finds room for where it is full. */
const TRIED = 2 ** 16;

/**
 * Makes a folder and tries to write a file in it, before work begins whose result could not be kept.
 *
 * @throws KcrError `OUT_WRITE`
 */
export async function requireWritable(folder: string): Promise<void> {
  const probe = temporaryOf(join(folder, 'probe'));
  try {
    await makeFolder(folder);
    const file = await open(probe, 'w');
    try {
      await file.writeFile(new Uint8Array(TRIED));
      await file.sync();
    } finally {
      await file.close();
      await rm(probe, { force: true });
    }
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/** The same of the folder of a file, whose name may not be a folder's. @throws KcrError `OUT_WRITE` */
export async function requireWritableFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw unwritable(path, 'a folder where the file should be');
  await requireWritable(dirname(path));
}
