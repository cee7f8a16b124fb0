export { folderWeights } from './kinds.ts';
export {
  loadPretrained,
  type Pretrained,
  type PretrainedOptions,
  readSource,
} from './load-pretrained.ts';
export { readShards } from './shards.ts';
export type { Source, SourceEvent, SourceKind, SourceModel, SourceOptions } from './source.ts';
export { sourceKinds } from './source-kinds.ts';
export { readTimmConfig, type TimmConfig } from './timm-config.ts';
export { timmConfig, writeTimmFolder } from './timm-folder.ts';
