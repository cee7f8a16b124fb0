import type { Value } from '@kcr/core';
import { convInfo } from '@kcr/core/internal';
import * as blocked from './blocked.ts';
import type { OnnxBuilder } from './builder.ts';
import { MICROSOFT } from './domains.ts';
import type { KernelLowering, KernelLowerings } from './lowering.ts';

/*
 * TensorFlow.js' convolutions are NHWC with HWIO filters. They run in blocked layout where the channels fit it;
 * else as ONNX' own, which are NCHW with OIHW filters.
 */

/** Strides, paddings and dilations, as TensorFlow.js names them. */
type Attrs = Readonly<Record<string, unknown>>;

type Numbers4 = readonly [number, number, number, number];

const transpose = (b: OnnxBuilder, name: string, perm: Numbers4) =>
  b.node('Transpose', [name], { perm });
const toNchw = (b: OnnxBuilder, x: Value) => transpose(b, b.get(x), [0, 3, 1, 2]);
const toNhwc = (b: OnnxBuilder, name: string) => transpose(b, name, [0, 2, 3, 1]);

/** Shapes and paddings of a convolution from `x` by `filter`. */
function geometry(
  x: readonly number[],
  filter: readonly number[],
  attrs: Attrs,
  depthwise: boolean,
) {
  const info = convInfo({ x, filter, attrs, isDepthwise: depthwise });
  const { top, left, bottom, right } = info.padInfo;
  return {
    info,
    depthwise,
    pads: [top, left, bottom, right],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    kernel: [info.filterHeight, info.filterWidth] as const,
    group: depthwise ? info.inChannels : 1,
  };
}

type Geometry = ReturnType<typeof geometry>;

/** HWIO to OIHW; of a depthwise filter [h, w, c, 1] to [c, 1, h, w]. */
const filterOf = (b: OnnxBuilder, filter: Value, depthwise: boolean) =>
  transpose(b, b.get(filter), depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]);

const forward =
  (depthwise: boolean): KernelLowering<'x' | 'filter', Attrs> =>
  (b, { x, filter }, attrs, [out]) => {
    const window = geometry(x.shape, filter.shape, attrs, depthwise);
    const fewInputs = x.shape[3]! < b.block && !depthwise;
    if (b.canBlock(out) && (fewInputs || b.canBlock(x))) {
      const reordered = depthwise
        ? blocked.depthwiseFilter(b, filter, false)
        : blocked.denseFilter(b, filter);
      const input = fewInputs ? toNchw(b, x) : b.blocked(x);
      b.bindBlocked(out, blocked.blockedConv(b, { x: input, filter: reordered }, window));
      return undefined;
    }
    const { pads, strides, dilations, group } = window;
    const inputs = [toNchw(b, x), filterOf(b, filter, depthwise)];
    return toNhwc(b, b.node('Conv', inputs, { pads, strides, dilations, group }));
  };

const inputGradient =
  (depthwise: boolean): KernelLowering<'dy' | 'filter', Attrs> =>
  (b, { dy, filter }, attrs, [dx]) => {
    const window = geometry(dx.shape, filter.shape, attrs, depthwise);
    const strided = window.strides.some((stride) => stride > 1);
    const dilated = window.dilations.some((dilation) => dilation > 1);
    if (b.canBlock(dy) && b.canBlock(dx) && !dilated && (depthwise || !strided)) {
      b.bindBlocked(dx, blockedInputGradient(b, dy, filter, window));
      return undefined;
    }
    return toNhwc(b, transposedConv(b, toNchw(b, dy), filterOf(b, filter, depthwise), window));
  };

/** The input gradient as a convolution of the spread output gradient by the mirrored filter. */
function blockedInputGradient(
  b: OnnxBuilder,
  dy: Value,
  filter: Value,
  { info, depthwise, pads, strides, kernel, group }: Geometry,
): string {
  const mirrored = depthwise
    ? blocked.depthwiseFilter(b, filter, true)
    : blocked.transposedFilter(b, filter);
  const strided = strides.some((stride) => stride > 1);
  const x = strided ? blocked.spread(b, b.blocked(dy), dy.shape, strides) : b.blocked(dy);
  const [top, left] = [kernel[0] - 1 - pads[0]!, kernel[1] - 1 - pads[1]!];
  const bottom = info.inHeight + kernel[0] - 1 - top - dy.shape[1]! * strides[0]!;
  const right = info.inWidth + kernel[1] - 1 - left - dy.shape[2]! * strides[1]!;
  return blocked.blockedConv(
    b,
    { x, filter: mirrored },
    { kernel, pads: [top, left, bottom, right], group },
  );
}

/** ONNX' transposed convolution, NCHW. */
function transposedConv(
  b: OnnxBuilder,
  dy: string,
  filter: string,
  { info, pads, strides, dilations, group }: Geometry,
): string {
  const covered = (out: number, axis: 0 | 1, before: number, after: number) => {
    const extent = ([info.filterHeight, info.filterWidth][axis]! - 1) * dilations[axis]! + 1;
    return strides[axis]! * (out - 1) + extent - before - after;
  };
  const padding = [
    info.inHeight - covered(info.outHeight, 0, pads[0]!, pads[2]!),
    info.inWidth - covered(info.outWidth, 1, pads[1]!, pads[3]!),
  ];
  const options = { pads, strides, dilations, group, output_padding: padding };
  return b.node('ConvTranspose', [dy, filter], options);
}

const denseFilterGradient: KernelLowering<'x' | 'dy', Attrs> = (b, { x, dy }, attrs, [dw]) => {
  const window = geometry(x.shape, dw.shape, attrs, false);
  const pointwise =
    x.shape[1] === dy.shape[1] && window.info.filterHeight * window.info.filterWidth === 1;
  const gradient =
    pointwise && b.isBlocked(x) && b.isBlocked(dy)
      ? productOfPlanes(b, x, dy)
      : productOfTaps(b, x, dy, window);
  return b.reshape(gradient, dw.shape);
};

/** A pointwise filter's gradient [in, out]: for each image, the product of its channels' pixels. */
function productOfPlanes(b: OnnxBuilder, x: Value, dy: Value): string {
  const products = [blocked.planes(b, x), blocked.planes(b, dy)];
  const perImage = b.node('FusedMatMul', products, { transB: 1 }, MICROSOFT);
  return b.node('ReduceSum', [perImage, b.int64([0])], { keepdims: 0 });
}

/** For each tap of the filter, the product of the pixels that it meets with the output gradients. */
function productOfTaps(
  b: OnnxBuilder,
  x: Value,
  dy: Value,
  { info, pads, strides, dilations }: Geometry,
): string {
  const rows = b.reshape(b.get(dy), [-1, info.outChannels]);
  const padding = b.int64([0, pads[0]!, pads[1]!, 0, 0, pads[2]!, pads[3]!, 0]);
  const image = pads.some((pad) => pad > 0) ? b.node('Pad', [b.get(x), padding]) : b.get(x);
  const plain = info.filterHeight * info.filterWidth === 1 && strides.every((s) => s === 1);
  const taps: string[] = [];
  for (let row = 0; row < info.filterHeight; row++) {
    for (let column = 0; column < info.filterWidth; column++) {
      const [top, left] = [row * dilations[0]!, column * dilations[1]!];
      const end = [
        top + (info.outHeight - 1) * strides[0]! + 1,
        left + (info.outWidth - 1) * strides[1]! + 1,
      ];
      const bounds = [b.int64([top, left]), b.int64(end), b.int64([1, 2]), b.int64(strides)];
      const pixels = plain ? image : b.node('Slice', [image, ...bounds]);
      const matrix = b.reshape(pixels, [-1, info.inChannels]);
      taps.push(b.node('Gemm', [matrix, rows], { transA: 1 }));
    }
  }
  return taps.length === 1 ? taps[0]! : b.node('Concat', taps, { axis: 0 });
}

const depthwiseFilterGradient: KernelLowering<'x' | 'dy', Attrs> = (b, { x, dy }, attrs, [dw]) => {
  const window = geometry(x.shape, dw.shape, attrs, true);
  return b.canBlock(x) && b.canBlock(dy)
    ? blockedDepthwiseFilterGradient(b, x, dy, window)
    : plainDepthwiseFilterGradient(b, x, dy, window);
};

/** The image convolved by the output gradients, channel by channel, with strides as dilations. */
function blockedDepthwiseFilterGradient(
  b: OnnxBuilder,
  x: Value,
  dy: Value,
  { info, pads, strides, dilations, kernel }: Geometry,
): string {
  const [batch, , , channels] = x.shape as Numbers4;
  // Just so much padding at the end that the filter's taps come out, where the image does not give more.
  const after = (axis: 0 | 1) => {
    const reach =
      (dy.shape[axis + 1]! - 1) * strides[axis]! + (kernel[axis] - 1) * dilations[axis]! + 1;
    return Math.max(reach - x.shape[axis + 1]! - pads[axis]!, 0);
  };
  const ends = [pads[0]!, pads[1]!, after(0), after(1)];
  const taps = blocked.correlate(
    b,
    { name: b.blocked(x), shape: x.shape },
    { name: b.blocked(dy), shape: dy.shape },
    { pads: ends, strides: dilations, dilations: strides },
  );
  const count = (axis: 0 | 1) => {
    const extent = (dy.shape[axis + 1]! - 1) * strides[axis]! + 1;
    const room = x.shape[axis + 1]! + ends[axis]! + ends[axis + 2]! - extent;
    return Math.floor(room / dilations[axis]!) + 1;
  };
  const shape = [batch, channels / b.block, count(0), count(1), b.block];
  const split = b.reshape(taps, shape);
  const sum = b.node('ReduceSum', [split, b.int64([0])], { keepdims: 0 });
  const cut = b.node('Slice', [sum, b.int64([0, 0]), b.int64(kernel), b.int64([1, 2])]);
  const ordered = transpose(b, cut, [1, 2, 0, 3]);
  return b.reshape(ordered, [info.filterHeight, info.filterWidth, channels, 1]);
}

/** The same by ONNX' grouped convolution: x as [1, c * n, h, w], the output gradient as the filter. */
function plainDepthwiseFilterGradient(
  b: OnnxBuilder,
  x: Value,
  dy: Value,
  { info, pads, strides, dilations, kernel }: Geometry,
): string {
  const [batch, height, width, channels] = x.shape as Numbers4;
  const planes = transpose(b, b.get(x), [3, 0, 1, 2]);
  const images = b.reshape(planes, [1, channels * batch, height, width]);
  const raw = b.node('Conv', [images, transpose(b, b.get(dy), [3, 0, 1, 2])], {
    pads,
    strides: dilations,
    dilations: strides,
    group: info.inChannels,
  });
  // Where the stride leaves rows over at the border, there are more taps than the filter has.
  const cut = b.node('Slice', [raw, b.int64([0, 0]), b.int64(kernel), b.int64([2, 3])]);
  return transpose(b, cut, [2, 3, 1, 0]);
}

export const convolutionLowerings: KernelLowerings = {
  Conv2D: forward(false),
  Conv2DBackpropFilter: denseFilterGradient,
  Conv2DBackpropInput: inputGradient(false),
  DepthwiseConv2dNative: forward(true),
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
  DepthwiseConv2dNativeBackpropInput: inputGradient(true),
};
