import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseState, unseal } from '@kcr/core';

/** Reads JSON that was sealed, if there is a file. @throws KcrError `STATE_DAMAGED` */
export async function readSealed(path: string): Promise<Record<string, object> | undefined> {
  if (!existsSync(path)) return undefined;
  const value = parseState(path, await readFile(path, 'utf8'));
  return unseal(path, value) as Record<string, object>;
}
