import type { tf } from '@kcr/core';
import type { KernelLowering } from './lowering.ts';
/**
 * A transpose; those between PyTorch's and TensorFlow's order of a filter's axes as two steps, each of which
 * moves one axis: ONNX Runtime does these many times as fast.
 */
export declare const transpose: KernelLowering<'x', tf.TransposeAttrs>;
export declare const concat: KernelLowering<string, tf.ConcatAttrs>;
/** A Reshape, by whatever name the kernel calls its input. */
export declare const reshape: KernelLowering<string>;
export declare const slice: KernelLowering<'x', {
    begin: readonly number[];
}>;
export declare const split: KernelLowering<'x', tf.SplitVAttrs>;
export declare const unpack: KernelLowering<'value', tf.UnpackAttrs>;
export declare const pad: KernelLowering<'x', tf.PadV2Attrs>;
//# sourceMappingURL=arrange.d.ts.map