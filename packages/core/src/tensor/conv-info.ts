import { tf } from './tf.ts';

/** TensorFlow.js' own arithmetic of padding and output size, for NHWC tensors and HWIO filters. */
export function convInfo(
  x: readonly number[],
  filter: readonly number[],
  attrs: Readonly<Record<string, unknown>>,
  isDepthwise: boolean,
) {
  return tf.backend_util.computeConv2DInfo(
    [...x] as [number, number, number, number],
    [...filter] as [number, number, number, number],
    attrs.strides as number,
    (attrs.dilations ?? 1) as number,
    attrs.pad as number,
    attrs.dimRoundingMode as 'floor' | undefined,
    isDepthwise,
  );
}
