import { type Pass, rewrite } from '../passes/rewriter.ts';
import { int8Product } from './int8-weight.ts';
import { type KeepOptions, layersOf } from './layer.ts';

/**
 * Stores the weights of layers as 8-bit integers with a scale for each output channel. They are multiplied out where a runtime
 * loads the file, or as it runs: the file has a quarter of the bytes, and everything is computed in float32.
 */
export const weightOnlyInt8 =
  (options: KeepOptions = {}): Pass =>
  (graph) => {
    const layerOf = layersOf(graph, options);
    return rewrite(graph, (node, w) => {
      const layer = layerOf(node);
      if (!layer) return false;
      const { bias } = layer;
      const { weight } = int8Product(w, layer);
      const inputs = [node.inputs[0]!, weight, ...(bias === undefined ? [] : [bias])];
      w.replace(node.outputs[0]!, w.node(node.op, inputs, node.attributes));
      return true;
    });
  };
