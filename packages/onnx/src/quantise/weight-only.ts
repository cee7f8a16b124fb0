import { type Pass, rewrite } from '../passes/rewriter.ts';
import { int8Weight } from './int8-weight.ts';
import { type Layer, layersOf } from './layer.ts';

/** Which layers a pass leaves as they are, by their place in the model and their op. */
export interface KeepOptions {
  /** Default: it leaves none. */
  readonly keep?: (layer: Layer) => boolean;
}

/**
 * Stores the weights of layers as 8-bit integers with a scale for each output channel. They are multiplied out where a runtime
 * loads the file, or as it runs: the file has a quarter of the bytes, and everything is computed in float32.
 */
export const weightOnlyInt8 =
  ({ keep }: KeepOptions = {}): Pass =>
  (graph) => {
    const layerOf = layersOf(graph);
    return rewrite(graph, (node, w) => {
      const layer = layerOf(node);
      if (!layer || keep?.(layer)) return false;
      const { weight, axis, bias } = layer;
      const { values, scales } = int8Weight(layer);
      const { shape, parameter } = weight;
      const q = w.initializer({ dtype: 'int8', shape, data: values, parameter });
      const scale = w.initializer({ dtype: 'float32', shape: [scales.length], data: scales });
      const full = w.node('DequantizeLinear', [q, scale], { axis });
      const inputs = [node.inputs[0]!, full, ...(bias === undefined ? [] : [bias])];
      w.replace(node.outputs[0]!, w.node(node.op, inputs, node.attributes));
      return true;
    });
  };
