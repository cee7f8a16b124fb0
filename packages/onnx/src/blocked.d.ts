import type { Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
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
export declare function blockedConv(b: OnnxBuilder, inputs: {
    x: string;
    filter: string;
    bias?: string;
    sum?: string;
}, { kernel, pads, strides, dilations, group }: Window): string;
/** A dense filter [h, w, in, out] in blocks of input and output channels. */
export declare function denseFilter(b: OnnxBuilder, filter: Value): string;
/** The mirrored filter with input and output channels exchanged, in blocks. */
export declare function transposedFilter(b: OnnxBuilder, filter: Value): string;
/** A depthwise filter [h, w, channels, 1] in blocks, mirrored or not. */
export declare function depthwiseFilter(b: OnnxBuilder, filter: Value, mirrored: boolean): string;
/** Spreads a blocked map's pixels, with zeros between, as a stride of `steps` leaves them. */
export declare function spread(b: OnnxBuilder, x: string, shape: readonly number[], steps: readonly number[]): string;
/**
 * For each image and channel, the products of two blocked maps, one shifted against the other over `window`:
 * a depthwise convolution whose filter is the second map. [1, batch * channels, kernel], blocked
 */
export declare function correlate(b: OnnxBuilder, x: string, y: string, shapes: {
    x: readonly number[];
    y: readonly number[];
}, window: Pick<Window, 'pads' | 'strides' | 'dilations'>): string;
/** A blocked map as [batch, channels, height * width]. */
export declare function planes(b: OnnxBuilder, map: Value): string;
/** Sum over the pixels of each channel of the product of two blocked maps of one shape, [channels]. */
export declare function channelProducts(b: OnnxBuilder, x: string, y: string, shape: readonly number[]): string;
/** Mean of each channel of a blocked map, [channels]. */
export declare const channelMeans: (b: OnnxBuilder, x: string, shape: readonly number[]) => string;
/** A blocked map times a factor per channel, plus an offset per channel, plus a map. */
export declare function scaleShift(b: OnnxBuilder, x: string, { scale, shift, sum }: {
    scale: string;
    shift?: string;
    sum?: string;
}, [, , , c]: readonly number[]): string;
//# sourceMappingURL=blocked.d.ts.map