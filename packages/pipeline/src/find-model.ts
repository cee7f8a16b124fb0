import type { ModelEntry } from '@kcr/backbones';
import { Model } from '@kcr/core';
import { findModelEntry } from './find-model-entry.ts';
import { type CheckpointOptions, isSource, loadCheckpoint } from './load-checkpoint.ts';

/**
 * The model of an entry.
 *
 * @param config options that differ from the entry's
 * @throws KcrError `MODEL_CONFIG`
 */
export const modelOf = ({ architecture, config: own }: ModelEntry, config: object = {}): Model =>
  new Model(architecture, architecture.configure({ ...own, ...config }));

/**
 * A model by checkpoint, timm name, or `MODULE#NAME`.
 *
 * @param config options that differ
 * @throws KcrError `MODEL_UNKNOWN`, `MODEL_CONFIG`, and those of loading
 */
export async function findModel(
  nameOrPath: string,
  config: object = {},
  as: Pick<CheckpointOptions, 'architecture' | 'trust' | 'on'> = {},
): Promise<Model> {
  if (await isSource(nameOrPath))
    return (await loadCheckpoint(nameOrPath, { ...as, config })).model;
  return modelOf(await findModelEntry(nameOrPath), config);
}
