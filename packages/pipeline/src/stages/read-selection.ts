import { checkFields, type JsonRefusal, type Kept, keptFields, readJson } from '@kcr/core';
import { z } from 'zod';

const fileFields = z.looseObject({ kept: keptFields });

const refusal = {
  code: 'SELECTION_READ',
  fix: 'Pass the selection.json that `kcr search` wrote',
} satisfies JsonRefusal;

/** The channels that a search has chosen, from its `selection.json`. @throws KcrError `SELECTION_READ` with every wrong field */
export const readSelection = async (path: string): Promise<Kept> =>
  checkFields(fileFields, await readJson(path, refusal), path, refusal).kept;
