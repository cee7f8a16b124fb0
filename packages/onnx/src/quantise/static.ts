import { type Pass, type Rewriter, rewrite } from '../passes/rewriter.ts';
import type { OnnxGraph, OnnxTensor } from '../proto.ts';
import { int8Product } from './int8-weight.ts';
import { type KeepOptions, layersOf } from './layer.ts';
import type { Range } from './range.ts';

/** Steps of an unsigned 8-bit integer. */
const STEPS = 255;

/** Scale and offset of unsigned 8-bit integers over a range, which 0 is in. */
export function uint8Of({ low, high }: Range): { scale: number; zero: number } {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = Math.fround((to - from) / STEPS) || 1;
  return { scale, zero: Math.round((0 - from) / scale) };
}

/** Names of the values whose ranges {@link staticInt8} needs: what layers read, and what convolutions give. */
export function calibrated(graph: OnnxGraph, options: KeepOptions = {}): string[] {
  const layerOf = layersOf(graph, options);
  const names = graph.nodes.flatMap((node) => {
    const layer = layerOf(node);
    if (!layer) return [];
    return [layer.input, ...(node.op === 'Conv' ? node.outputs : [])];
  });
  return [...new Set(names)];
}

/** A value as 8-bit integers and back: a runtime computes with the integers what lies between such pairs. */
function roundTrip(w: Rewriter, x: string, range: Range): string {
  const { scale, zero } = uint8Of(range);
  const by = [
    w.initializer({ dtype: 'float32', shape: [], data: Float32Array.of(scale) }),
    w.initializer({ dtype: 'uint8', shape: [], data: Uint8Array.of(zero) }),
  ];
  return w.node('DequantizeLinear', [w.node('QuantizeLinear', [x, ...by]), ...by]);
}

/** The bias as 32-bit sums of products of the integers, and back. @param scales of the products, by channel */
function int32Bias(w: Rewriter, { data, parameter }: OnnxTensor, scales: Float32Array): string {
  const [low, high] = [-(2 ** 31), 2 ** 31 - 1];
  const sums = Int32Array.from(data as Float32Array, (b, c) =>
    Math.min(Math.max(Math.round(b / scales[c]!), low), high),
  );
  const q = w.initializer({ dtype: 'int32', shape: [sums.length], data: sums, parameter });
  const by = w.initializer({ dtype: 'float32', shape: [scales.length], data: scales });
  return w.node('DequantizeLinear', [q, by], { axis: 0 });
}

/**
 * Layers multiply 8-bit integers whose ranges are fixed (ONNX' QDQ form): weights as `int8Weight` has them, what layers read and what
 * convolutions give by the ranges that calibration found. Norms, softmax, activations and products of activations stay in float32.
 *
 * @param ranges of the values that {@link calibrated} names; layers without stay as they are
 */
export const staticInt8 =
  (ranges: ReadonlyMap<string, Range>, options: KeepOptions = {}): Pass =>
  (graph) => {
    const layerOf = layersOf(graph, options);
    const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    const inputs = new Map<string, string>();
    return rewrite(graph, (node, w) => {
      const layer = layerOf(node);
      const range = layer && ranges.get(layer.input);
      if (!layer || !range) return false;
      let x = inputs.get(layer.input);
      if (x === undefined) inputs.set(layer.input, (x = roundTrip(w, layer.input, range)));
      const { weight, scales } = int8Product(w, layer);
      const read = [x, weight];
      if (layer.bias !== undefined) {
        const bias = tensors.get(layer.bias);
        const products = scales.map((scale) => scale * uint8Of(range).scale);
        read.push(bias ? int32Bias(w, bias, products) : layer.bias);
      }
      const y = w.node(node.op, read, node.attributes);
      const given = ranges.get(node.outputs[0]!);
      w.replace(node.outputs[0]!, node.op === 'Conv' && given ? roundTrip(w, y, given) : y);
      return true;
    });
  };
