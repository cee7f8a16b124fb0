import { type Pass, type Rewriter, rewrite } from '../passes/rewriter.ts';
import type { OnnxGraph } from '../proto.ts';
import { int8Weight } from './int8-weight.ts';
import { type Layer, layersOf } from './layer.ts';
import type { Range } from './range.ts';
import type { KeepOptions } from './weight-only.ts';

/** Steps of an unsigned 8-bit integer. */
const STEPS = 255;

/** Scale and offset of unsigned 8-bit integers over a range, which 0 is in. */
export function uint8Of({ low, high }: Range): { scale: number; zero: number } {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = Math.fround((to - from) / STEPS) || 1;
  return { scale, zero: Math.round((0 - from) / scale) };
}

/** Names of the values whose ranges {@link staticInt8} needs: what layers read, and what convolutions give. */
export function calibrated(graph: OnnxGraph, { keep }: KeepOptions = {}): string[] {
  const layerOf = layersOf(graph);
  const names = graph.nodes.flatMap((node) => {
    const layer = layerOf(node);
    if (!layer || keep?.(layer)) return [];
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

/** The bias as sums of products of the integers. */
function int32Bias(bias: Float32Array, scales: Float32Array): Int32Array {
  const [low, high] = [-(2 ** 31), 2 ** 31 - 1];
  return Int32Array.from(bias, (b, c) => Math.min(Math.max(Math.round(b / scales[c]!), low), high));
}

/**
 * Layers multiply 8-bit integers whose ranges are fixed (ONNX' QDQ form): weights as {@link int8Weight} has them, what layers read and what
 * convolutions give by the ranges that calibration found. Norms, softmax, activations and products of activations stay in float32.
 *
 * @param ranges of the values that {@link calibrated} names; layers without stay as they are
 */
export const staticInt8 =
  (ranges: ReadonlyMap<string, Range>, { keep }: KeepOptions = {}): Pass =>
  (graph) => {
    const layerOf = layersOf(graph);
    const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    const inputs = new Map<string, string>();
    return rewrite(graph, (node, w) => {
      const source = layerOf(node);
      const range = source && ranges.get(source.input);
      if (!source || !range || keep?.(source)) return false;
      const layer: Layer = source;
      let x = inputs.get(layer.input);
      if (x === undefined) inputs.set(layer.input, (x = roundTrip(w, layer.input, range)));
      const { values, scales } = int8Weight(layer);
      const { shape, parameter } = layer.weight;
      const { axis } = layer;
      const channels = { dtype: 'float32', shape: [scales.length] } as const;
      const weight = w.node(
        'DequantizeLinear',
        [
          w.initializer({ dtype: 'int8', shape, data: values, parameter }),
          w.initializer({ ...channels, data: scales }),
        ],
        { axis },
      );
      const biases: string[] = [];
      if (layer.bias !== undefined) {
        const bias = tensors.get(layer.bias);
        if (bias) {
          const products = scales.map((scale) => scale * uint8Of(range).scale);
          const sums = int32Bias(bias.data as Float32Array, products);
          const { length } = sums;
          const q = w.initializer({
            dtype: 'int32',
            shape: [length],
            data: sums,
            parameter: bias.parameter,
          });
          const by = w.initializer({ ...channels, data: products });
          biases.push(w.node('DequantizeLinear', [q, by], { axis: 0 }));
        } else biases.push(layer.bias);
      }
      const y = w.node(node.op, [x, weight, ...biases], node.attributes);
      const given = ranges.get(node.outputs[0]!);
      w.replace(node.outputs[0]!, node.op === 'Conv' && given ? roundTrip(w, y, given) : y);
      return true;
    });
  };
