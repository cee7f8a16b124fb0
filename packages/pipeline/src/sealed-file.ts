import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseState, seal, unseal, writeAtomic } from '@kcr/core/internal';

/** Reads JSON that was sealed, if there is a file. @throws KcrError `STATE_DAMAGED` */
export async function readSealed(path: string): Promise<Record<string, object> | undefined> {
  if (!existsSync(path)) return undefined;
  const value = parseState(path, await readFile(path, 'utf8'));
  return unseal(path, value) as Record<string, object>;
}

/** Writes JSON with its checksum, for {@link readSealed}. @throws KcrError `OUT_WRITE` */
export const writeSealed = (path: string, value: object): Promise<void> =>
  writeAtomic(path, `${JSON.stringify(seal(value), null, 1)}\n`);
