import { convInfo, type Node, type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import type { Lowering } from './lowering.ts';

/*
 * TensorFlow.js' convolutions are NHWC with HWIO filters, ONNX' are NCHW with OIHW filters. Input gradients
 * are transposed convolutions; filter gradients are convolutions whose batch and channels have changed
 * places, with strides as dilations.
 */

type Numbers4 = readonly [number, number, number, number];

const transpose = (b: OnnxBuilder, name: string, perm: Numbers4) =>
  b.node('Transpose', [name], { perm });
const toNchw = (b: OnnxBuilder, x: Value) => transpose(b, b.get(x), [0, 3, 1, 2]);
const toNhwc = (b: OnnxBuilder, name: string) => transpose(b, name, [0, 2, 3, 1]);

/** Shapes and paddings of a convolution from `x` by `filter`. */
function geometry(
  x: readonly number[],
  filter: readonly number[],
  { attrs }: Node,
  depthwise: boolean,
) {
  const info = convInfo(x, filter, attrs, depthwise);
  const { top, left, bottom, right } = info.padInfo;
  return {
    info,
    pads: [top, left, bottom, right],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    kernel: [info.filterHeight, info.filterWidth],
    group: depthwise ? info.inChannels : 1,
  };
}

/** HWIO to OIHW; of a depthwise filter [h, w, c, 1] to [c, 1, h, w]. */
const filterOf = (b: OnnxBuilder, filter: Value, depthwise: boolean) =>
  transpose(b, b.get(filter), depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]);

const forward =
  (depthwise: boolean): Lowering =>
  (b, node) => {
    const { x, filter } = node.inputs as { x: Value; filter: Value };
    const { pads, strides, dilations, group } = geometry(x.shape, filter.shape, node, depthwise);
    const inputs = [toNchw(b, x), filterOf(b, filter, depthwise)];
    return [toNhwc(b, b.node('Conv', inputs, { pads, strides, dilations, group }))];
  };

const inputGradient =
  (depthwise: boolean): Lowering =>
  (b, node) => {
    const { dy, filter } = node.inputs as { dy: Value; filter: Value };
    const shape = node.attrs.inputShape as number[];
    const { info, pads, strides, dilations, group } = geometry(
      shape,
      filter.shape,
      node,
      depthwise,
    );
    const covered = (out: number, axis: 0 | 1, before: number, after: number) => {
      const extent = ([info.filterHeight, info.filterWidth][axis]! - 1) * dilations[axis]! + 1;
      return strides[axis]! * (out - 1) + extent - before - after;
    };
    const padding = [
      info.inHeight - covered(info.outHeight, 0, pads[0]!, pads[2]!),
      info.inWidth - covered(info.outWidth, 1, pads[1]!, pads[3]!),
    ];
    const inputs = [toNchw(b, dy), filterOf(b, filter, depthwise)];
    const options = { pads, strides, dilations, group, output_padding: padding };
    return [toNhwc(b, b.node('ConvTranspose', inputs, options))];
  };

const filterGradient =
  (depthwise: boolean): Lowering =>
  (b, node) => {
    const { x, dy } = node.inputs as { x: Value; dy: Value };
    const shape = node.attrs.filterShape as number[];
    const { info, pads, strides, dilations, kernel } = geometry(x.shape, shape, node, depthwise);
    const [batch, height, width, channels] = x.shape as Numbers4;
    // x as [c, n, h, w]; the output gradient is the filter, [o, n, h', w'].
    let images = transpose(b, b.get(x), [3, 0, 1, 2]);
    const weights = transpose(b, b.get(dy), [3, 0, 1, 2]);
    if (depthwise)
      images = b.node('Reshape', [images, b.int64([1, channels * batch, height, width])]);
    const raw = b.node('Conv', [images, weights], {
      pads,
      strides: dilations,
      dilations: strides,
      group: depthwise ? info.inChannels : 1,
    });
    // Where the stride leaves rows over at the border, there are more taps than the filter has.
    const cut = b.node('Slice', [raw, b.int64([0, 0]), b.int64(kernel), b.int64([2, 3])]);
    // [i, o, h, w], or [1, c, h, w] for a depthwise filter
    return [transpose(b, cut, depthwise ? [2, 3, 1, 0] : [2, 3, 0, 1])];
  };

export const convolutionLowerings: Readonly<Record<string, Lowering>> = {
  Conv2D: forward(false),
  Conv2DBackpropFilter: filterGradient(false),
  Conv2DBackpropInput: inputGradient(false),
  DepthwiseConv2dNative: forward(true),
  DepthwiseConv2dNativeBackpropFilter: filterGradient(true),
  DepthwiseConv2dNativeBackpropInput: inputGradient(true),
};
