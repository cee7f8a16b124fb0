import type { Kept } from '@kcr/core';
import { checkFields, type JsonRefusal, keptFields, readJson, unseal } from '@kcr/core/internal';
import { z } from 'zod';

const fileFields = z.looseObject({ kept: keptFields });

const refusal = {
  code: 'SELECTION_READ',
  fix: 'Pass the selection.json that `kcr search` wrote',
} satisfies JsonRefusal;

/**
 * The channels that a search has chosen, from its `selection.json`, or that a person has written down without a checksum.
 *
 * @throws KcrError `SELECTION_READ` with every wrong field; `STATE_DAMAGED` where it is not as the search wrote it
 */
export async function readSelection(path: string): Promise<Kept> {
  const file = await readJson(path, refusal);
  const { kept } = checkFields(fileFields, file, path, refusal);
  if (typeof file === 'object' && file !== null && 'checksum' in file) unseal(path, file);
  return kept;
}
