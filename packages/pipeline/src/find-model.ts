import { type ModelEntry, modelEntry } from '@kcr/backbones';
import { Model } from '@kcr/core';
import { isCheckpoint, loadCheckpoint, type Trust } from './load-checkpoint.ts';
import { findEntry } from './modules.ts';

/**
 * A model's entry by timm name, or by `MODULE#NAME` among another package's `models`.
 *
 * @throws KcrError `MODEL_UNKNOWN`, `MODULE_LOAD`
 */
export async function findModelEntry(name: string): Promise<ModelEntry> {
  const at = name.lastIndexOf('#');
  if (at >= 0) return findEntry(name.slice(0, at), name.slice(at + 1));
  return modelEntry(name);
}

/**
 * The model of an entry.
 *
 * @param config options that differ from the entry's
 * @throws KcrError `MODEL_CONFIG`
 */
export const modelOf = ({ architecture, config: own }: ModelEntry, config: object = {}): Model =>
  new Model(architecture, architecture.configure({ ...own, ...config }));

/**
 * A model by checkpoint folder, timm name, or `MODULE#NAME`.
 *
 * @param trust of the modules that a checkpoint names
 * @throws KcrError `MODEL_UNKNOWN`, `MODEL_CONFIG`, and those of loading
 */
export async function findModel(
  nameOrPath: string,
  config: object = {},
  trust: Trust = {},
): Promise<Model> {
  if (isCheckpoint(nameOrPath)) return (await loadCheckpoint(nameOrPath, trust)).model;
  return modelOf(await findModelEntry(nameOrPath), config);
}
