import type { KernelLowerings } from './lowering.ts';
/** How each TensorFlow.js kernel is written in ONNX. */
export declare const kernelLowerings: KernelLowerings;
//# sourceMappingURL=kernels.d.ts.map