import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { KcrError } from '@kcr/core';
import { requireWritable } from './writable.ts';

/**
 * Makes a folder that is to hold what nobody else has put there.
 *
 * @throws KcrError `OUT_EXISTS` for one that has something in it, `OUT_WRITE`
 */
export async function requireNew(folder: string): Promise<void> {
  if (existsSync(folder) && (await readdir(folder)).length > 0)
    throw new KcrError('OUT_EXISTS', {
      where: folder,
      found: 'a folder that is not empty',
      fix: 'Choose another output folder',
    });
  await requireWritable(folder);
}
