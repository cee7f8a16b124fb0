/** Channels to a block on this processor; 0 where ONNX Runtime has no blocked kernels for it. */
export declare const blockSize: () => Promise<number>;
//# sourceMappingURL=block-size.d.ts.map