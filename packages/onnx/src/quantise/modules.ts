import { nameValues } from '../passes/name-values.ts';
import { encodeModel, type OnnxGraph } from '../proto.ts';
import { layersOf } from './layer.ts';
import { inPrecision, type PrecisionOptions } from './precision.ts';

/** The modules whose layers become integers with these numbers, in the order of a run. */
export async function quantisedModules(
  graph: OnnxGraph,
  numbers: PrecisionOptions,
): Promise<string[]> {
  const layerOf = layersOf(graph, {});
  const quantised = await inPrecision(graph, numbers);
  const asTheyWere = new Set(quantised.nodes.map(({ inputs }) => inputs[1]));
  const layers = graph.nodes.filter(
    (node) => layerOf(node) !== undefined && !asTheyWere.has(node.inputs[1]),
  );
  return [...new Set(layers.flatMap(({ path }) => path ?? []))];
}

/**
 * A graph that `exportGraph` gave, in other numbers, as a file: several of one graph, without tracing the model again.
 *
 * @throws KcrError `ONNX_CALIBRATION`, `ONNX_MODULE`
 */
export const encodeGraph = async (
  graph: OnnxGraph,
  numbers: PrecisionOptions = {},
): Promise<Uint8Array> => encodeModel(nameValues(await inPrecision(graph, numbers)));
