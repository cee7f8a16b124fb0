import { drawing, type Engine, type StepContext, type StepResult } from '../engine/engine.ts';
import { float32, type NdArray } from '../ground/array.ts';
import type { Draw, Generator } from '../ground/random.ts';
import type { Dataset } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import type { ModelOutput } from '../model/model-output.ts';
import type { ParamSpec, TapInfo } from '../model/scope.ts';
import type { StateDict } from '../model/state-dict.ts';
import { valueAndGradients } from '../ops/gradients.ts';
import { oneHot } from '../ops/one-hot.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { batches, batchOrder, range } from '../train/batches.ts';
import { gateChannels } from './channel-gates.ts';
import { prunableDims } from './prunable-dims.ts';
import type { WeightValues } from './weight-values.ts';

/** What a loss for {@link meanGradients} may read. */
export interface GradientContext {
  /** The images as they are read, [batch, height, width, channels]. */
  images: Tensor;
  /** One-hot, [batch, classes]. */
  targets: Tensor;
  /** Runs the model in evaluation mode, with other weights where `change` gives them. */
  apply(images: Tensor, change?: (name: string, weight: Tensor) => Tensor): ModelOutput;
  /** Random numbers, new in every batch. */
  draw(name: string, shape: readonly number[], draw: Draw): Tensor;
}

export interface MeanGradientsOptions {
  model: Model;
  weights: StateDict;
  engine: Engine;
  data: Dataset;
  /** Which images. Default: all. */
  indices?: Int32Array;
  batchSize: number;
  /**
   * What to differentiate by. `weights` (default): the trained weights. `channels`: a gate for each channel of
   * every dimension that can be pruned, a factor of 1 where its values are tapped ({@link gateChannels}).
   */
  by?: 'weights' | 'channels';
  /** Which weights. Default: all that are trained. */
  only?(weight: ParamSpec): boolean;
  /** Of random numbers, where losses draw them. */
  generator?: Generator;
  /** Other weights for each batch, counted from 0. Default: `weights`. */
  weightsOf?(batch: number): StateDict;
  /** The losses take turns, one for each batch, so that each is a mean over its part of the images. Default false. */
  takeTurns?: boolean;
  /** Scalar losses by name, each a mean over the batch's images. */
  losses: Readonly<Record<string, (context: GradientContext) => Tensor>>;
}

interface Variable {
  name: string;
  /** Its array in the engine. */
  state: string;
  shape: readonly number[];
}

const GATE = 'gate:';

const SUM = 'sum:';

function variablesOf({ model, by, only = () => true }: MeanGradientsOptions): Variable[] {
  if (by === 'channels')
    return prunableDims(model).map(({ name, size }) => ({
      name,
      state: GATE + name,
      shape: [size],
    }));
  return model.params
    .filter((p) => p.trainable && only(p))
    .map(({ name, shape }) => ({ name, state: name, shape }));
}

/** Multiplies a tapped value by the gates of its channels. */
const gated =
  (model: Model, { state }: StepContext) =>
  (value: Tensor, info: TapInfo): Tensor =>
    gateChannels(value, info, ({ name }) =>
      model.dims.get(name)?.prunable ? state(GATE + name) : undefined,
    );

/**
 * Gradients of losses in evaluation mode, the mean over images.
 *
 * @returns by loss, in float64
 */
export async function meanGradients<L extends string>(
  options: MeanGradientsOptions & { losses: Record<L, (context: GradientContext) => Tensor> },
): Promise<Record<L, WeightValues>> {
  const { engine, weights, data, indices = range(data.length), batchSize } = options;
  const names = Object.keys(options.losses) as L[];
  const variables = variablesOf(options);
  const sums = names.flatMap((loss) =>
    variables.map(({ name, shape }) => ({ loss, name, state: `${SUM}${loss}/${name}`, shape })),
  );
  const gates = variables.filter(({ state }) => state.startsWith(GATE));
  const order = batchOrder(indices, batchSize);
  const turns = options.takeTurns ? names.map((name) => [name]) : [names];
  const images = turns.map((_, turn) =>
    order.reduce((n, batch, i) => n + (i % turns.length === turn ? batch.length : 0), 0),
  );
  engine.set(weights);
  for (const { state, shape } of gates) engine.set({ [state]: float32(shape, 1) });
  for (const { state, shape } of sums) engine.set({ [state]: float32(shape) });
  const steps = turns.map((group) =>
    engine.compile('gradients', (context) => gradientStep(options, variables, group, context)),
  );
  let found: Record<string, NdArray>;
  try {
    let turn = 0;
    let index = 0;
    for await (const { batch } of batches(data, order)) {
      if (options.weightsOf) engine.set(options.weightsOf(index++));
      const share = float32([], batch.label.data.length / images[turn]!);
      await steps[turn]!({ image: batch.image, label: batch.label, share });
      turn = (turn + 1) % turns.length;
    }
    found = await engine.get(sums.map(({ state }) => state));
  } finally {
    for (const step of steps) await step.dispose();
    const own = [...gates, ...sums].map(({ state }) => state);
    engine.delete([...Object.keys(weights), ...own]);
  }
  const of = (loss: L): WeightValues =>
    Object.fromEntries(
      sums
        .filter((sum) => sum.loss === loss)
        .map(({ name, state }) => [name, Float64Array.from(found[state]!.data)]),
    );
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<L, WeightValues>;
}

/** Adds the gradients of some losses for one batch to their sums. */
function gradientStep(
  options: MeanGradientsOptions,
  variables: readonly Variable[],
  losses: readonly string[],
  context: StepContext,
): StepResult {
  const inLosses = gradientContext(options, context);
  const parameters = variables.map((variable) => context.state(variable.state));
  const updates: Record<string, Tensor> = {};
  for (const name of losses) {
    const { gradients } = valueAndGradients(
      () => ({ loss: options.losses[name]!(inLosses), aux: {} }),
      parameters,
    );
    variables.forEach((variable, i) => {
      const sum = `${SUM}${name}/${variable.name}`;
      const share = tf.mul(gradients[i]!, context.inputs.share!);
      updates[sum] = tf.add(context.state(sum), share);
    });
  }
  return { outputs: {}, updates };
}

function gradientContext(
  { model, by, generator }: MeanGradientsOptions,
  context: StepContext,
): GradientContext {
  const tap = by === 'channels' ? gated(model, context) : undefined;
  return {
    images: context.inputs.image!,
    targets: oneHot(context.inputs.label!, model.classes),
    apply: (x, change = (_, weight) => weight) =>
      model.apply(x, { state: (name) => change(name, context.state(name)), tap }),
    draw: drawing(context, () => generator!),
  };
}
