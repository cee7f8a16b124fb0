import { fusedAttention } from './fused-attention.ts';
import { mergeReshapes } from './merge-reshapes.ts';
import type { Pass } from './rewriter.ts';
import { keepRows, rowLayers } from './row-layers.ts';

/**
 * What ONNX Runtime computes faster in another form, and does not find itself: attention as an operator of its own, and layers over rows, with no
 * reshapes around each. Measured and left out: its LayerNormalization with the addition before it (`SkipLayerNormalization`), which takes longer than
 * both.
 */
export const onnxRuntimePasses: readonly Pass[] = [
  fusedAttention,
  rowLayers,
  keepRows,
  mergeReshapes,
];
