import { sizeOf } from '@kcr/core';
import type { Rewriter } from '../passes/rewriter.ts';
import type { Layer } from './layer.ts';

/** Weights as 8-bit integers: w is about scale_c q, with a scale for each output channel c, and no offset. */
export interface Int8Weight {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/** The largest integer: -128 is left out, so that the range is symmetric. */
const MOST = 127;

/** The weights of a layer, rounded to the nearest of 255 values of each output channel. */
export function int8Weight({ weight: { data, shape }, axis }: Layer): Int8Weight {
  const weights = data as Float32Array;
  const inner = sizeOf(shape.slice(axis + 1));
  const channels = shape[axis]!;
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const scales = new Float32Array(channels);
  weights.forEach((w, i) => {
    const c = channelOf(i);
    scales[c] = Math.max(scales[c]!, Math.abs(w) / MOST);
  });
  // A channel of zeros has any scale.
  for (let c = 0; c < channels; c++) if (scales[c] === 0) scales[c] = 1;
  const values = Int8Array.from(weights, (w, i) => {
    const q = Math.round(w / scales[channelOf(i)]!);
    return Math.min(Math.max(q, -MOST), MOST);
  });
  return { values, scales };
}

/** A layer's weights as 8-bit integers that are multiplied out; the name of the product, and the scales. */
export function int8Product(w: Rewriter, layer: Layer): { weight: string; scales: Float32Array } {
  const { values, scales } = int8Weight(layer);
  const { shape, parameter } = layer.weight;
  const q = w.initializer({ dtype: 'int8', shape, data: values, parameter });
  const scale = w.initializer({ dtype: 'float32', shape: [scales.length], data: scales });
  return { weight: w.node('DequantizeLinear', [q, scale], { axis: layer.axis }), scales };
}

/** Values [rows, columns] as [columns, rows]. */
export function transposed(values: Int8Array, rows: number, columns: number): Int8Array {
  const out = new Int8Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]!;
  return out;
}
