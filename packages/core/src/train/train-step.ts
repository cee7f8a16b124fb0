import type { Communicator } from '../engine/communicator.ts';
import { drawing, type StepContext, type StepResult } from '../engine/engine.ts';
import { inputSlot } from '../engine/slots.ts';
import { KcrError } from '../ground/error.ts';
import type { Generator } from '../ground/random.ts';
import type { Progress } from '../model/clock.ts';
import type { Model } from '../model/model.ts';
import type { ModelOutput } from '../model/model-output.ts';
import type { TapInfo } from '../model/scope.ts';
import { noClasses, type Task } from '../model/task.ts';
import { valueAndGradients } from '../ops/gradients.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import type { AttachedPlugin } from './attaching.ts';
import { checkUpdated } from './check-optimizer.ts';
import { taskOf } from './classification.ts';
import { type ClipOptions, clipGradients } from './clip-gradients.ts';
import type { Optimizer } from './optimizer.ts';
import type { LossContext } from './plugin.ts';
import { AVERAGE, GRADIENT, named, slotName, WEIGHT } from './state-names.ts';

/** How a step trains. */
export interface TrainStepOptions extends ClipOptions {
  /** Of classification. */
  labelSmoothing: number;
  /** Decay of the exponential moving average of the weights; absent: none. */
  emaDecay?: number;
  /** Whether values of the forward pass are computed again for the gradients, instead of kept. */
  recompute?: boolean;
  /** Whether batch norms normalise by the images of all processes that train together. */
  syncBatchNorm?: boolean;
}

/** A parameter that a step trains, by its name in the engine. */
export interface Trained {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decay: boolean;
  /** Factor of the learning rate. */
  readonly rate: number;
  /** Whether adaptive clipping applies. */
  readonly adaptive: boolean;
}

/** The parameters of a step, and what updates them. */
export interface TrainedGroup {
  readonly trained: readonly Trained[];
  readonly optimizer: Optimizer;
  /** Whether the model's own weights are among them, so that running statistics and averages go on. */
  readonly isWeights: boolean;
}

/** What is trained, and where the run is that a step belongs to. */
export interface TrainStepRun {
  readonly model: Model;
  readonly plugins: readonly AttachedPlugin[];
  readonly options: TrainStepOptions;
  readonly progress: Progress;
  /** Whether a parameter or buffer of the model stays as it is. */
  frozen(name: string): boolean;
  /** The plugins' taps, one after another. */
  tap(value: Tensor, info: TapInfo): Tensor;
  /** The processes that train together. */
  readonly communicator: Communicator;
  /** Random numbers of the step to come. */
  generator(): Generator;
  /** Learning rate of the step to come. */
  lr(): number;
}

/** What the terms of the task's loss are called among a step's outputs, */
export const TERM = 'term:';

/** and those of the plugins. */
export const PLUGIN_TERM = 'plugin term:';

/** What values that a plugin watches are called there; by its place, since names may begin alike. */
export const watched = (plugin: number) => `watched ${plugin}:`;

interface LossInputs extends Pick<LossContext, 'images' | 'indices'> {
  targets: Tensor | undefined;
  task: Task;
}

/** What loss terms read; targets are an error where the task has none. */
const lossContext = (
  { logits, features, tokens }: ModelOutput,
  { images, indices, targets, task }: LossInputs,
): LossContext => ({
  logits,
  features,
  tokens,
  images,
  indices,
  get targets() {
    return targets ?? noClasses('targets', task);
  },
});

/**
 * One update of parameters, inside a compiled step.
 *
 * @returns as outputs the `loss`, its terms, what plugins watch, and the `features` where a plugin observes them
 */
export function trainStep(
  run: TrainStepRun,
  context: StepContext,
  group: TrainedGroup,
): StepResult {
  const { outputs, statistics, gradients } = backward(run, context, group);
  const optimised = optimise(run, context, group, gradients);
  const updates = withAverage(run, context, group, { ...statistics, ...optimised });
  return { outputs, updates, ...running(run) };
}

/**
 * The first part of an update that is made of several batches: adds the gradients of one to those of the batches before it.
 *
 * @returns as {@link trainStep}
 */
export function gradientStep(
  run: TrainStepRun,
  context: StepContext,
  group: TrainedGroup,
): StepResult {
  const { outputs, statistics, gradients } = backward(run, context, group);
  const sums = group.trained.map(({ name }, i) => {
    const sum = GRADIENT + name;
    return [sum, tf.add(context.state(sum), gradients[i]!)];
  });
  return { outputs, updates: { ...statistics, ...Object.fromEntries(sums) }, ...running(run) };
}

/** How a step is run that has a backward pass. */
const running = (run: TrainStepRun): Pick<StepResult, 'recompute' | 'communicator'> => ({
  ...(run.options.recompute ? { recompute: 'loss' } : {}),
  ...(run.options.syncBatchNorm ? { communicator: run.communicator } : {}),
});

/** The last part: one update by the mean of the gradients of `batches` batches, whose sums are 0 again afterwards. */
export function updateStep(
  run: TrainStepRun,
  context: StepContext,
  group: TrainedGroup,
  batches: number,
): StepResult {
  const sums = group.trained.map(({ name }) => context.state(GRADIENT + name));
  const gradients = sums.map((sum) => tf.mul(sum, 1 / batches));
  const cleared = group.trained.map(({ name }, i) => [GRADIENT + name, tf.zeros(sums[i]!.shape)]);
  const optimised = optimise(run, context, group, gradients);
  const updates = { ...optimised, ...Object.fromEntries(cleared) };
  return { outputs: {}, updates: withAverage(run, context, group, updates) };
}

/** The loss of a batch and its gradients, in the parameters' order; `statistics` are running ones, by their state names. */
function backward(run: TrainStepRun, context: StepContext, { trained, isWeights }: TrainedGroup) {
  const parameters = trained.map(({ name }) => context.state(name));
  const forward = () => lossOf(run, context, isWeights);
  const { loss, aux, gradients } = valueAndGradients(forward, parameters);
  const { features } = aux;
  const told = [TERM, PLUGIN_TERM, ...run.plugins.map((_, i) => watched(i))];
  const values = Object.assign({}, ...told.map((prefix) => named(aux, prefix, prefix)));
  return {
    outputs: { loss, ...values, ...(features ? { features } : {}) },
    statistics: isWeights ? named(aux, WEIGHT, WEIGHT) : {},
    gradients,
  };
}

/**
 * The loss; `aux` has the terms of the task's loss and of the plugins', what plugins watch, the features where a plugin observes
 * them, and the new running statistics by their state names.
 */
function lossOf(
  run: TrainStepRun,
  context: StepContext,
  isWeights: boolean,
): { loss: Tensor; aux: Record<string, Tensor> } {
  const { inputs, state } = context;
  const task = taskOf(run.model);
  const { image, index, ...known } = inputs;
  const aux: Record<string, Tensor> = {};
  const targets = task.targets?.(known, run.model.classes);
  const out = run.model.apply(image!, {
    state: (name) => state(WEIGHT + name),
    training: true,
    processes: run.options.syncBatchNorm ? run.communicator.size : 1,
    draw: drawing(context, () => run.generator()),
    schedule: (name, next) => inputSlot(name, () => next(run.progress)).value,
    tap: run.tap,
    assign: (name, value) => {
      aux[WEIGHT + name] = value;
    },
    // Steps of the architecture normalise by the batch, whoever is frozen.
    frozen: (name) => isWeights && run.frozen(name),
    targets: known,
  });
  const terms = task.losses(out, targets, run.options.labelSmoothing);
  checkTerms(terms, task);
  for (const [name, term] of Object.entries(terms)) aux[TERM + name] = term;
  if (run.plugins.some((plugin) => plugin.observe)) aux.features = out.features;
  const given = lossContext(out, { images: image!, indices: index!, targets, task });
  const all = Object.values(terms);
  run.plugins.forEach((plugin, i) => {
    Object.assign(aux, named(plugin.watch?.(given) ?? {}, '', watched(i)));
    const term = plugin.loss?.(given);
    if (!term) return;
    all.push(term);
    aux[PLUGIN_TERM + plugin.name] = term;
  });
  return { loss: all.reduce((sum, term) => tf.add(sum, term)), aux };
}

/** Numbers of the log that a term of a loss may not take the place of. */
const LOG_NUMBERS = ['epoch', 'lr', 'loss', 'seconds'];

/** @throws KcrError `LOSS_TERM` */
function checkTerms(terms: object | undefined, { name }: Task): asserts terms {
  if (Object.keys(terms ?? {}).length === 0)
    throw new KcrError('LOSS_TERM', {
      where: `task "${name}"`,
      found: 'no term of a loss',
      fix: 'Give at least one by its name, in losses() of the task or in `losses` of what a head gives with targets',
    });
  const taken = Object.keys(terms!).find((term) => LOG_NUMBERS.includes(term));
  if (taken !== undefined)
    throw new KcrError('LOSS_TERM', {
      where: `task "${name}"`,
      found: `a term "${taken}", which is the log's name for another number`,
      fix: 'Give the term another name, such as that of what it compares (maskLoss)',
    });
}

/** What clipped gradients make of parameters and of what the optimiser keeps of them. */
function optimise(
  run: TrainStepRun,
  context: StepContext,
  { trained, optimizer }: TrainedGroup,
  raw: readonly Tensor[],
): Record<string, Tensor> {
  const values = trained.map(({ name }) => context.state(name));
  const clipped = clipGradients(
    trained.map(({ adaptive }, i) => ({ value: values[i]!, gradient: raw[i]!, adaptive })),
    run.options,
  );
  const { slots } = optimizer;
  const parameters = trained.map(({ name, decay, rate }, i) => {
    const state = Object.fromEntries(
      slots.map((slot) => [slot, context.state(slotName(slot, name))]),
    );
    return { value: values[i]!, gradient: clipped[i]!, state, decay, rate };
  });
  const next = optimizer.update(parameters, stepNumbers(run, context, optimizer));
  checkUpdated(optimizer, parameters, next);
  const entries = trained.flatMap(({ name }, i) => {
    const { value, state } = next[i]!;
    return [[name, value], ...slots.map((slot) => [slotName(slot, name), state[slot]!])];
  });
  return Object.fromEntries(entries);
}

/** What an optimiser needs anew in each step. */
function stepNumbers(
  run: TrainStepRun,
  context: StepContext,
  optimizer: Optimizer,
): Record<string, Tensor> {
  const now = () => optimizer.numbers(run.progress.step + 1, run.lr());
  const given = Object.keys(now()).map((name) => [
    name,
    context.supply(`${optimizer.name}.${name}`, [], 'float32', () => Float32Array.of(now()[name]!)),
  ]);
  return Object.fromEntries(given);
}

/** Updates of weights with those of their moving average; what is frozen is its own. */
function withAverage(
  run: TrainStepRun,
  context: StepContext,
  { isWeights }: TrainedGroup,
  updates: Record<string, Tensor>,
): Record<string, Tensor> {
  const { emaDecay } = run.options;
  if (!emaDecay || !isWeights) return updates;
  const moving = run.model.params.filter(({ name }) => !run.frozen(name));
  const entries = moving.map(({ name, dtype }) => {
    const now = updates[WEIGHT + name] ?? context.state(WEIGHT + name);
    if (dtype === 'int32') return [AVERAGE + name, now];
    const old = context.state(AVERAGE + name);
    return [AVERAGE + name, tf.add(tf.mul(old, emaDecay), tf.mul(now, 1 - emaDecay))];
  });
  return { ...updates, ...Object.fromEntries(entries) };
}
