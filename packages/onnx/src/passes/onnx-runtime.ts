import { fusedAttention } from './fused-attention.ts';
import type { Pass } from './rewriter.ts';

/**
 * What ONNX Runtime computes faster by an operator of its own, and does not find itself. Measured and left out: its LayerNormalization with
 * the addition before it (`SkipLayerNormalization`), which takes longer than both.
 */
export const onnxRuntimePasses: readonly Pass[] = [fusedAttention];
