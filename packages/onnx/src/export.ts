import {
  type Graph,
  KcrError,
  type Model,
  type ModelOutput,
  type StateDict,
  type StepContext,
  type Tensor,
  taskOf,
  tf,
} from '@kcr/core';
import { type Tracing, trace } from '@kcr/core/internal';
import { TRACED_BATCH } from './builder.ts';
import { lowerGraph } from './graph.ts';
import { isLowered } from './lowering.ts';
import { nameValues } from './passes/name-values.ts';
import { onnxRuntimePasses } from './passes/onnx-runtime.ts';
import { ownConstants } from './passes/own-constants.ts';
import { runPasses } from './passes/plain.ts';
import { toOpset } from './passes/to-opset.ts';
import { encodeModel, type OnnxGraph, type OnnxTensor, OPSET } from './proto.ts';
import { inPrecision, type PrecisionOptions } from './quantise/precision.ts';

/** The name of an exported model's input. */
export const INPUT = 'pixel_values';

/** What a file computes of images, in place of a model's evaluation. */
export interface ExportedStep {
  /** Its inputs besides the images, one number for each of them. */
  readonly inputs?: readonly string[];
  /** @param context with the inputs `image` [batch, height, width, channels] and those above, int32 [batch] */
  run(context: Pick<StepContext, 'inputs' | 'state'>): Record<string, Tensor>;
}

/** Runtimes that a file can be written for. */
export const RUNTIMES = ['onnxruntime'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export interface ExportOptions extends PrecisionOptions {
  /** A fixed batch size, with which ONNX Runtime computes more ahead. Default: dynamic. */
  batch?: number;
  /** Version of ONNX' operator set, from 17 to 23. Default 20, the first with Gelu. */
  opset?: number;
  /** For this runtime alone: with operators of its own where they are faster. Default: ONNX' operators, for any. */
  optimise?: Runtime;
  /** Notes that the file has, by key. */
  metadata?: Readonly<Record<string, string>>;
  /** Default: the model's evaluation. */
  step?: ExportedStep;
}

/**
 * A model as an ONNX file of ONNX' own operators: input `pixel_values`, float32 [batch, channels, height, width], normalised;
 * outputs those of its task, such as `logits` [batch, classes], and of classifiers `features` [batch, d]. Maps have their
 * channels first. Nodes are named after their modules, weights after the parameters that they are made of.
 *
 * @throws KcrError `BATCH_SIZE`, `STATE_DICT`, `ONNX_KERNEL`, `ONNX_DYNAMIC`, `ONNX_OPSET`, `ONNX_CALIBRATION`,
 *   `ONNX_MODULE`, `OPTION`
 */
export async function exportOnnx(
  model: Model,
  weights: StateDict,
  options: ExportOptions = {},
): Promise<Uint8Array> {
  return encodeModel(await exportGraph(model, weights, options));
}

/** {@link exportOnnx} before it is encoded. */
export async function exportGraph(
  model: Model,
  weights: StateDict,
  {
    batch,
    opset = OPSET,
    metadata,
    optimise,
    step = evaluation(model),
    ...numbers
  }: ExportOptions = {},
): Promise<OnnxGraph> {
  if (batch !== undefined && !(Number.isSafeInteger(batch) && batch >= 1))
    throw new KcrError('BATCH_SIZE', {
      where: 'exportOnnx',
      found: `a batch size of ${batch}`,
      fix: 'Choose a whole number from 1, or none',
    });
  if (optimise && numbers.precision === 'fp16')
    throw new KcrError('OPTION', {
      where: 'exportOnnx, optimise',
      found: `${optimise} with numbers of 16 bits, which its operators for processors have not`,
      fix: 'Leave one of them out',
    });
  model.checkState(weights, 'exportOnnx');
  const traced = traceModel(model, step, batch ?? TRACED_BATCH);
  const twin = batch === undefined ? traceModel(model, step, TRACED_BATCH + 1) : undefined;
  const constants = new Map<string, OnnxTensor['data']>();
  for (const [name, array] of Object.entries(weights)) constants.set(name, array.data);
  const { name } = model.architecture;
  const graph = lowerGraph(traced, { name, target: 'onnx', constants, twin });
  const plain = ownConstants(toOpset(await runPasses(graph), opset));
  const whole = await inPrecision(plain, numbers);
  const written = optimise ? await runPasses(whole, onnxRuntimePasses) : whole;
  return { ...nameValues(written), metadata };
}

/** Classes before places, where each place has its own. */
const classesFirst = (logits: Tensor): Tensor =>
  logits.rank === 4 ? tf.transpose(logits, [0, 3, 1, 2]) : logits;

/** What a file gives: what the task reads, and of models without a head what their classifier reads. */
function outputsOf(model: Model, out: ModelOutput): Record<string, Tensor> {
  const { logits, ...results } = taskOf(model).outputs(out);
  return {
    ...(logits && model.classes > 0 ? { logits: classesFirst(logits) } : {}),
    ...results,
    ...(model.architecture.backbone ? {} : { features: out.features }),
  };
}

const evaluation = (model: Model): ExportedStep => ({
  run: ({ inputs, state }) => outputsOf(model, model.apply(inputs.image!, { state })),
});

function traceModel(model: Model, { inputs = [], run }: ExportedStep, batch: number): Graph {
  const [height, width, channels] = model.inputShape;
  const traced = ({ input }: Tracing) => {
    const state = new Map<string, Tensor>();
    for (const { name, shape, dtype } of model.params) state.set(name, input(name, shape, dtype));
    const image = tf.transpose(input(INPUT, [batch, channels, height, width]), [0, 2, 3, 1]);
    const others = inputs.map((name) => [name, input(name, [batch], 'int32')]);
    return run({
      inputs: { image, ...Object.fromEntries(others) },
      state: (name) => state.get(name)!,
    });
  };
  return trace(traced, { takes: isLowered });
}
