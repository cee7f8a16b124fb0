import { type Pass, rewrite } from '../passes/rewriter.ts';
import { DATA_TYPES } from '../proto.ts';
import { int8Weight, transposed } from './int8-weight.ts';
import { type KeepOptions, layersOf } from './layer.ts';

/**
 * Linear layers multiply 8-bit integers: weights as {@link int8Weight} has them, and what a layer reads by the range that it has in each
 * run, which needs no calibration. Everything else stays in float32, convolutions too.
 */
export const dynamicInt8 =
  (options: KeepOptions = {}): Pass =>
  (graph) => {
    const layerOf = layersOf(graph, options);
    /** What several layers read is quantised once. */
    const inputs = new Map<string, readonly string[]>();
    return rewrite(graph, (node, w) => {
      const layer = node.op === 'Conv' ? undefined : layerOf(node);
      if (!layer) return false;
      const { input, weight, axis, bias } = layer;
      let quantised = inputs.get(input);
      if (!quantised) {
        quantised = w.nodeOutputs('DynamicQuantizeLinear', [input], {}, 3);
        inputs.set(input, quantised);
      }
      const [q, scale, zero] = quantised as [string, string, string];
      const { values, scales } = int8Weight(layer);
      const [rows, columns] = weight.shape as [number, number];
      const [data, shape] =
        axis === 1 ? [values, weight.shape] : [transposed(values, rows, columns), [columns, rows]];
      const { parameter } = weight;
      const matrix = w.initializer({ dtype: 'int8', shape, data, parameter });
      const channels = w.initializer({ dtype: 'float32', shape: [scales.length], data: scales });
      const sums = w.node('MatMulInteger', [q, matrix, zero]);
      const float = w.node('Cast', [sums], { to: DATA_TYPES.float32 });
      const y = w.node('Mul', [float, w.node('Mul', [scale, channels])]);
      w.replace(node.outputs[0]!, bias === undefined ? y : w.node('Add', [y, bias]));
      return true;
    });
  };
