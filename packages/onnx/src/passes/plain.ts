import type { OnnxGraph } from '../proto.ts';
import { dropUnused } from './drop-unused.ts';
import { foldConstants } from './fold-constants.ts';
import { foldFactors } from './fold-factors.ts';
import { lateReshapes } from './late-reshapes.ts';
import { linearLayers } from './linear-layers.ts';
import { mergeReshapes } from './merge-reshapes.ts';
import { patchConvolutions } from './patch-convolutions.ts';
import type { Pass } from './rewriter.ts';
import { sinkReshapes } from './sink-reshapes.ts';
import { sinkTransposes } from './sink-transposes.ts';

/** What makes an exported graph plain and short, in order. */
const passes: readonly Pass[] = [
  dropUnused,
  foldConstants,
  patchConvolutions,
  linearLayers,
  sinkTransposes,
  sinkReshapes,
  mergeReshapes,
  lateReshapes,
  mergeReshapes,
  sinkTransposes,
  foldFactors,
  foldConstants,
];

/** Runs passes over a graph, one after another. */
export async function runPasses(
  graph: OnnxGraph,
  list: readonly Pass[] = passes,
): Promise<OnnxGraph> {
  let current = graph;
  for (const pass of list) current = await pass(current);
  return current;
}
