import { drawing, type StepContext, type StepResult } from '../engine/engine.ts';
import { inputSlot } from '../engine/slots.ts';
import type { Generator } from '../ground/random.ts';
import type { Progress } from '../model/clock.ts';
import type { Model } from '../model/model.ts';
import type { ModelOutput } from '../model/model-output.ts';
import type { TapInfo } from '../model/scope.ts';
import { noClasses, type Task } from '../model/task.ts';
import { valueAndGradients } from '../ops/gradients.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { type AdamWOptions, adamW, adamWStep, clipGradients } from './adamw.ts';
import type { AttachedPlugin } from './attaching.ts';
import { taskOf } from './classification.ts';
import type { LossContext } from './plugin.ts';
import { AVERAGE, FIRST, named, SECOND, WEIGHT } from './state-names.ts';

/** How a step trains. */
export interface TrainStepOptions {
  /** Of classification. */
  labelSmoothing: number;
  /** Largest common norm of the gradients; absent: no clipping. */
  clipNorm?: number;
  /** Decay of the exponential moving average of the weights; absent: none. */
  emaDecay?: number;
  adamw: AdamWOptions;
}

/** A parameter that a step trains, by its name in the engine. */
export interface Trained {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decay: boolean;
  /** Factor of the learning rate. */
  readonly rate: number;
}

/** What is trained, and where the run is that a step belongs to. */
export interface TrainStepRun {
  readonly model: Model;
  readonly plugins: readonly AttachedPlugin[];
  readonly options: TrainStepOptions;
  readonly progress: Progress;
  /** The plugins' taps, one after another. */
  tap(value: Tensor, info: TapInfo): Tensor;
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
 * One step of AdamW over parameters, inside a compiled step.
 *
 * @param trained the parameters
 * @param isWeights whether the model's own weights are among them, so that running statistics and averages go on
 * @returns as outputs the `loss`, its terms, what plugins watch, and the `features` where a plugin observes them
 */
export function trainStep(
  run: TrainStepRun,
  context: StepContext,
  { trained, isWeights }: { trained: readonly Trained[]; isWeights: boolean },
): StepResult {
  const parameters = trained.map(({ name }) => context.state(name));
  const { loss, aux, gradients } = valueAndGradients(() => lossOf(run, context), parameters);
  const updates = {
    ...(isWeights ? named(aux, WEIGHT, WEIGHT) : {}),
    ...optimise(run, context, { trained, raw: gradients }),
  };
  if (isWeights) Object.assign(updates, average(run, context, updates));
  const { features } = aux;
  const told = [TERM, PLUGIN_TERM, ...run.plugins.map((_, i) => watched(i))];
  const values = Object.assign({}, ...told.map((prefix) => named(aux, prefix, prefix)));
  return { outputs: { loss, ...values, ...(features ? { features } : {}) }, updates };
}

/**
 * The loss; `aux` has the terms of the task's loss and of the plugins', what plugins watch, the features where a plugin observes
 * them, and the new running statistics by their state names.
 */
function lossOf(
  run: TrainStepRun,
  context: StepContext,
): { loss: Tensor; aux: Record<string, Tensor> } {
  const { inputs, state } = context;
  const task = taskOf(run.model);
  const { image, index, ...known } = inputs;
  const aux: Record<string, Tensor> = {};
  const targets = task.targets?.(known, run.model.classes);
  const out = run.model.apply(image!, {
    state: (name) => state(WEIGHT + name),
    training: true,
    draw: drawing(context, () => run.generator()),
    schedule: (name, next) => inputSlot(name, () => next(run.progress)).value,
    tap: run.tap,
    assign: (name, value) => {
      aux[WEIGHT + name] = value;
    },
    targets: known,
  });
  const terms = task.losses(out, targets, run.options.labelSmoothing);
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

function optimise(
  run: TrainStepRun,
  context: StepContext,
  { trained, raw }: { trained: readonly Trained[]; raw: readonly Tensor[] },
): Record<string, Tensor> {
  const { adamw, clipNorm } = run.options;
  const gradients = clipNorm ? clipGradients(raw, clipNorm) : raw;
  const given = (name: 'size' | 'eps' | 'keep') =>
    context.supply(`adamw.${name}`, [], 'float32', () =>
      Float32Array.of(adamWStep(run.progress.step + 1, run.lr(), adamw)[name]),
    );
  const step = { size: given('size'), eps: given('eps'), keep: given('keep') };
  const updates: Record<string, Tensor> = {};
  trained.forEach(({ name, decay, rate }, i) => {
    const [value, m, v] = [name, FIRST + name, SECOND + name].map(context.state);
    const next = adamW({ value: value!, gradient: gradients[i]!, m: m!, v: v! }, step, adamw, {
      decay,
      rate,
    });
    updates[name] = next.value;
    updates[FIRST + name] = next.m;
    updates[SECOND + name] = next.v;
  });
  return updates;
}

function average(
  run: TrainStepRun,
  context: StepContext,
  updates: Record<string, Tensor>,
): Record<string, Tensor> {
  const { emaDecay } = run.options;
  if (!emaDecay) return {};
  const entries = run.model.params.map(({ name, dtype }) => {
    const now = updates[WEIGHT + name] ?? context.state(WEIGHT + name);
    if (dtype === 'int32') return [AVERAGE + name, now];
    const old = context.state(AVERAGE + name);
    return [AVERAGE + name, tf.add(tf.mul(old, emaDecay), tf.mul(now, 1 - emaDecay))];
  });
  return Object.fromEntries(entries);
}
