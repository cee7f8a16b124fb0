import type { Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import { NCHWC } from './domains.ts';
import type { AttributeValue } from './proto.ts';

/*
 * ONNX Runtime's CPU kernels for blocked feature maps, [batch, channels / block, height, width, block], are
 * several times as fast as its others where filters are trained, and so not constant: no im2col, and depthwise
 * convolutions as loops over whole vectors. They are written here by hand, because ONNX Runtime itself uses
 * them for constant filters only. A blocked tensor's ONNX shape is [batch, channels, height, width].
 */

/** Window of a convolution: heights before widths. */
export interface Window {
  kernel: readonly [number, number];
  /** Top, left, bottom, right. */
  pads: readonly number[];
  strides?: readonly number[];
  dilations?: readonly number[];
  group?: number;
}

/** A convolution of a blocked map by a blocked filter, plus an offset per channel and a map of its own shape. */
export function blockedConv(
  b: OnnxBuilder,
  inputs: { x: string; filter: string; bias?: string; sum?: string },
  { kernel, pads, strides = [1, 1], dilations = [1, 1], group = 1 }: Window,
): string {
  const attributes: Record<string, AttributeValue> = {
    kernel_shape: kernel,
    pads,
    strides,
    dilations,
    group,
  };
  const { x, filter, bias, sum } = inputs;
  const names = sum ? [x, filter, bias ?? '', sum] : bias ? [x, filter, bias] : [x, filter];
  return b.node('Conv', names, attributes, NCHWC);
}

const transpose = (b: OnnxBuilder, x: string, perm: readonly number[]) =>
  b.node('Transpose', [x], { perm });

/** Puts the taps, the first axis, in reverse: the filter of a convolution's input gradient. */
const mirror = (b: OnnxBuilder, x: string, taps: number) =>
  taps === 1
    ? x
    : b.node('Slice', [x, b.int64([-1]), b.int64([-1 - taps]), b.int64([0]), b.int64([-1])]);

/*
 * Transposes that keep the last axis last are many times as fast as others, and so is that of a matrix; the
 * filters below are reordered in such steps.
 */

/** Matrices [taps, rows, columns] as [columns / block, rows / group, taps, group, block]. */
function inBlocks(b: OnnxBuilder, x: string, [taps, rows, columns]: number[], group: number) {
  const [across, n] = [columns! / b.block, b.block];
  if (taps === 1) return transpose(b, b.reshape(x, [rows!, across, n]), [1, 0, 2]);
  return transpose(b, b.reshape(x, [taps!, rows! / group, group, across, n]), [3, 1, 0, 2, 4]);
}

/** A dense filter [h, w, in, out] in blocks of input and output channels. */
export function denseFilter(b: OnnxBuilder, filter: Value): string {
  const [h, w, i, o] = filter.shape as [number, number, number, number];
  // A few input channels, such as an image's, stay as they are, and so does the image.
  const group = i < b.block ? 1 : b.block;
  return b.reshape(inBlocks(b, b.get(filter), [h * w, i, o], group), [o, i, h, w]);
}

/** The mirrored filter with input and output channels exchanged, in blocks. */
export function transposedFilter(b: OnnxBuilder, filter: Value): string {
  const [h, w, i, o] = filter.shape as [number, number, number, number];
  const n = b.block;
  const taps = mirror(b, b.reshape(b.get(filter), [h * w, i * o]), h * w);
  const exchanged = transpose(b, b.reshape(taps, [h * w * i, o]), [1, 0]);
  if (h * w === 1) return b.reshape(inBlocks(b, exchanged, [1, o, i], n), [i, o, h, w]);
  const split = b.reshape(exchanged, [o / n, n, h * w, i / n, n]);
  return b.reshape(transpose(b, split, [3, 0, 2, 1, 4]), [i, o, h, w]);
}

/** A depthwise filter [h, w, channels, 1] in blocks, mirrored or not. */
export function depthwiseFilter(b: OnnxBuilder, filter: Value, mirrored: boolean): string {
  const [h, w, c] = filter.shape as [number, number, number, number];
  const taps = b.reshape(b.get(filter), [h * w, c]);
  const split = b.reshape(mirrored ? mirror(b, taps, h * w) : taps, [h * w, c / b.block, b.block]);
  return b.reshape(transpose(b, split, [1, 0, 2]), [c, 1, h, w]);
}

/** Spreads a blocked map's pixels, with zeros between, as a stride of `steps` leaves them. */
export function spread(
  b: OnnxBuilder,
  x: string,
  shape: readonly number[],
  steps: readonly number[],
) {
  const [batch, h, w, c] = shape as [number, number, number, number];
  const [down, right] = steps as [number, number];
  const split = b.reshape(x, [(batch * c) / b.block, h, 1, w, b.block]);
  const ends = b.int64([0, 0, 0, 0, 0, 0, 0, down - 1, 0, (right - 1) * b.block]);
  return b.reshape(b.node('Pad', [split, ends]), [batch, c, h * down, w * right]);
}

/** A blocked map in the graph. */
interface BlockedMap {
  readonly name: string;
  /** [batch, height, width, channels] */
  readonly shape: readonly number[];
}

/**
 * For each image and channel, the products of two blocked maps, one shifted against the other over `window`:
 * a depthwise convolution whose filter is the second map. [1, batch * channels, kernel], blocked
 */
export function correlate(
  b: OnnxBuilder,
  x: BlockedMap,
  y: BlockedMap,
  window: Pick<Window, 'pads' | 'strides' | 'dilations'>,
): string {
  const [batch, h, w, c] = x.shape as [number, number, number, number];
  const [, height, width] = y.shape as [number, number, number, number];
  const group = batch * c;
  const image = b.reshape(x.name, [1, group, h, w]);
  const filter = b.reshape(y.name, [group, 1, height, width]);
  return blockedConv(b, { x: image, filter }, { ...window, kernel: [height, width], group });
}

/** A blocked map as [batch, channels, height * width]. */
export function planes(b: OnnxBuilder, map: Value): string {
  const [batch, h, w, c] = map.shape as [number, number, number, number];
  const attributes = { channels_last: 0, channels: c };
  return b.reshape(b.node('ReorderOutput', [b.blocked(map)], attributes, NCHWC), [batch, c, h * w]);
}

/** Sum over the pixels of each channel of the product of two blocked maps of one shape, [channels]. */
export function channelProducts(b: OnnxBuilder, x: string, y: string, shape: readonly number[]) {
  const dots = correlate(b, { name: x, shape }, { name: y, shape }, { pads: [0, 0, 0, 0] });
  return overImages(b, 'ReduceSum', dots, shape);
}

/** Mean of each channel of a blocked map, [channels]. */
export const channelMeans = (b: OnnxBuilder, x: string, shape: readonly number[]) =>
  overImages(b, 'ReduceMean', b.node('GlobalAveragePool', [x], {}, NCHWC), shape);

const overImages = (b: OnnxBuilder, op: string, x: string, [batch, , , c]: readonly number[]) =>
  b.node(op, [b.reshape(x, [batch!, c!]), b.int64([0])], { keepdims: 0 });

/** A blocked map times a factor per channel, plus an offset per channel, plus a map. */
export function scaleShift(
  b: OnnxBuilder,
  x: string,
  { scale, shift, sum }: { scale: string; shift?: string; sum?: string },
  [, , , c]: readonly number[],
): string {
  const filter = b.reshape(scale, [c!, 1, 1, 1]);
  const window = { kernel: [1, 1] as const, pads: [0, 0, 0, 0], group: c };
  return blockedConv(b, { x, filter, bias: shift, sum }, window);
}
