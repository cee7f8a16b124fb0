import { hubRepository } from './hub/hub-repository.ts';
import { timmFolder, toolkitFolder, weightsFile } from './kinds.ts';
import type { SourceKind } from './source.ts';

/** The kinds of places that weights are looked for in; the first that fits is read. */
export const sourceKinds: readonly SourceKind[] = [
  toolkitFolder,
  timmFolder,
  weightsFile,
  hubRepository,
];
