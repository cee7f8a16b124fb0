import {
  type Graph,
  KcrError,
  type Model,
  type StateDict,
  type Tensor,
  type Tracing,
  taskOf,
  tf,
  trace,
} from '@kcr/core';
import { toOnnx } from './graph.ts';
import { isLowered } from './lowering.ts';
import type { OnnxTensor } from './proto.ts';

export interface ExportOptions {
  /** A fixed batch size, with which ONNX Runtime computes more ahead. Default: dynamic. */
  batch?: number;
}

/**
 * A model as an ONNX file: input `input`, float32 [batch, channels, height, width], normalised; outputs
 * `features` [batch, d] and those of its task, such as `logits` [batch, classes]. Weights keep their names.
 *
 * @throws KcrError `BATCH_SIZE`, `STATE_DICT`, `ONNX_KERNEL`, `ONNX_DYNAMIC`
 */
export function exportOnnx(
  model: Model,
  weights: StateDict,
  { batch }: ExportOptions = {},
): Uint8Array {
  if (batch !== undefined && !(Number.isSafeInteger(batch) && batch >= 1))
    throw new KcrError('BATCH_SIZE', {
      where: 'exportOnnx',
      found: `a batch size of ${batch}`,
      fix: 'Choose a whole number from 1, or none',
    });
  model.checkState(weights, 'exportOnnx');
  const graph = traceModel(model, batch ?? 2);
  const twin = batch === undefined ? traceModel(model, 3) : undefined;
  if (twin && graph.nodes.length !== twin.nodes.length)
    throw new KcrError('ONNX_DYNAMIC', {
      where: model.architecture.name,
      found: 'a model that computes something else for another batch size',
      fix: 'Export it with a fixed batch, or make its function independent of the batch size',
    });
  const constants = new Map<string, OnnxTensor['data']>();
  for (const [name, array] of Object.entries(weights)) constants.set(name, array.data);
  return toOnnx(graph, { name: model.architecture.name, target: 'cuda', constants, twin });
}

function traceModel(model: Model, batch: number): Graph {
  const [height, width, channels] = model.inputShape;
  const run = ({ input }: Tracing) => {
    const state = new Map<string, Tensor>();
    for (const { name, shape } of model.params) state.set(name, input(name, shape));
    const image = tf.transpose(input('input', [batch, channels, height, width]), [0, 2, 3, 1]);
    const out = model.apply(image, { state: (name) => state.get(name)! });
    return { ...taskOf(model).outputs(out), features: out.features };
  };
  return trace(run, { takes: isLowered });
}
