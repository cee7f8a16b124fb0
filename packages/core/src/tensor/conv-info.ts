import { tf } from './tf.ts';

export interface ConvGeometry {
  /** Shape of the image, [batch, height, width, channels]. */
  x: readonly number[];
  /** Shape of the filter, [height, width, input channels, output channels or multiplier]. */
  filter: readonly number[];
  /** Strides, dilations and padding, as a convolution of TensorFlow.js has them. */
  attrs: Readonly<Record<string, unknown>>;
  isDepthwise: boolean;
}

/** TensorFlow.js' own arithmetic of padding and output size. */
export function convInfo({ x, filter, attrs, isDepthwise }: ConvGeometry) {
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
