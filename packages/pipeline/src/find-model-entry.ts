import { type ModelEntry, modelEntry } from '@kcr/backbones';
import { findEntry, splitUse } from './modules.ts';

/**
 * A model's entry by timm name, with a tag or without, or by `MODULE#NAME` among another package's `models`.
 *
 * @param from URL of the file that names it. Default: a file in the process's folder
 * @throws KcrError `MODEL_UNKNOWN`, `MODULE_LOAD`
 */
export async function findModelEntry(name: string, from?: string): Promise<ModelEntry> {
  if (!name.includes('#')) return modelEntry(name);
  const own = splitUse(name);
  return findEntry(own.module, own.name, from);
}
