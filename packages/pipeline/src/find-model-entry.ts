import { type ModelEntry, modelEntry } from '@kcr/backbones';
import { findEntry } from './modules.ts';

/**
 * A model's entry by timm name, with a tag or without, or by `MODULE#NAME` among another package's `models`.
 *
 * @throws KcrError `MODEL_UNKNOWN`, `MODULE_LOAD`
 */
export async function findModelEntry(name: string): Promise<ModelEntry> {
  const at = name.lastIndexOf('#');
  return at >= 0 ? findEntry(name.slice(0, at), name.slice(at + 1)) : modelEntry(name);
}
