/* ONNX Runtime's operator sets beside ONNX' own. */

/** Its kernels for blocked feature maps, see `blocked.ts`. */
export const NCHWC = 'com.microsoft.nchwc';

/** Its fused kernels. */
export const MICROSOFT = 'com.microsoft';
