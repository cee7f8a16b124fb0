import { type CompiledStep, drawing, type Engine, type StepContext } from '../engine/engine.ts';
import { arraySlot, inputSlot, noiseSlot } from '../engine/slots.ts';
import { float32, item, type NdArray, shapeText } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { nonFinite } from '../ground/finite.ts';
import type { Generator } from '../ground/random.ts';
import type { Batch } from '../model/batch.ts';
import type { Progress } from '../model/clock.ts';
import type { Model } from '../model/model.ts';
import type { ModelOutput } from '../model/model-output.ts';
import type { TapInfo } from '../model/scope.ts';
import type { StateDict } from '../model/state-dict.ts';
import { noClasses, type Task } from '../model/task.ts';
import { valueAndGradients } from '../ops/gradients.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { type AdamWOptions, adamW, adamWStep, clipGradients } from './adamw.ts';
import { type AttachedPlugin, attachPlugin, checkPlugins } from './attaching.ts';
import { taskOf } from './classification.ts';
import { compileFeatures, compileInference } from './inference.ts';
import { layerDepth } from './layer-depth.ts';
import { lossNotFinite } from './loss-not-finite.ts';
import type { LossContext, Plugin, PluginRun } from './plugin.ts';
import { stateDamaged } from './seal.ts';

export interface TrainerOptions {
  model: Model;
  engine: Engine;
  plugins: readonly Plugin[];
  run: RunFacts;
  /** Random numbers of the steps; the training loop replaces it each epoch. */
  generator: Generator;
  labelSmoothing: number;
  /** Largest common norm of the gradients; absent: no clipping. */
  clipNorm?: number;
  /** Decay of the exponential moving average of the weights; absent: none. */
  emaDecay?: number;
  adamw: AdamWOptions;
  /** The learning rate of a layer is this to the power of the layers above it (timm). Default 1. */
  layerDecay?: number;
}

/** What plugins are told of the run. */
export type RunFacts = Pick<PluginRun, 'stage' | 'epochs' | 'samples' | 'warn'>;

/** What a step trains: the weights, the plugins' architecture parameters, or both at once. */
export type Group = 'weights' | 'architecture' | 'all';

/** All that training goes on from. */
export interface TrainerState {
  arrays: Record<string, NdArray>;
  /** Steps taken, by group. */
  counts: Partial<Record<Group, number>>;
}

interface Trained {
  name: string;
  shape: readonly number[];
  decay: boolean;
  /** Factor of the learning rate. */
  rate: number;
}

const TERM = 'term:';

const PLUGIN_TERM = 'plugin term:';

const WEIGHT = 'weight:';

const AVERAGE = 'average:';

const FIRST = 'm:';

const SECOND = 'v:';

/** The entries whose names begin with `prefix`, which becomes `instead`. */
const named = <T>(entries: Record<string, T>, prefix: string, instead = ''): Record<string, T> =>
  Object.fromEntries(
    Object.entries(entries)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [instead + name.slice(prefix.length), value]),
  );

const mapNames = <T, R>(entries: Record<string, T>, change: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, change(value)]));

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
 * A model with its plugins and its optimiser's state on an engine, and the steps that train it. What it holds there is
 * freed by `dispose()`, or at the end of the scope of an `await using`.
 */
export class Trainer implements AsyncDisposable {
  readonly model: Model;
  readonly engine: Engine;
  generator: Generator;
  readonly plugins: readonly AttachedPlugin[];
  /** Where the run is; the training loop sets the epoch. */
  readonly progress: Progress;
  /** Features under the raw weights. */
  readonly features: CompiledStep;
  /** Evaluation under the weights to use: their moving average where there is one. */
  readonly inference: CompiledStep;
  readonly #weights: Trained[];
  readonly #architecture: Trained[] = [];
  /** Names of the trainer's arrays in the engine, in the order in which they were set. */
  readonly #owned = new Map<string, Pick<NdArray, 'dtype' | 'shape'>>();
  /** Those of them that checkpoints leave out. */
  readonly #constants = new Set<string>();
  readonly #steps = new Map<Group, CompiledStep>();
  #counts: TrainerState['counts'] = {};
  #lr = 0;

  constructor(private readonly options: TrainerOptions) {
    const { model, engine, plugins, run } = options;
    this.model = model;
    this.engine = engine;
    this.generator = options.generator;
    checkPlugins(plugins);
    const task = taskOf(model);
    if (options.labelSmoothing && !task.targets)
      throw new KcrError('OPTION', {
        where: 'labelSmoothing',
        found: `${options.labelSmoothing} for ${task.name}`,
        fix: 'Leave it out: this task smooths no labels',
      });
    this.progress = { epoch: 0, epochs: run.epochs, step: 0 };
    const depth = layerDepth(model);
    this.#weights = model.params
      .filter((p) => p.trainable)
      .map(({ name, shape, decay }) => {
        const rate = (options.layerDecay ?? 1) ** (depth.layers - depth.of(name));
        return { name: WEIGHT + name, shape, decay, rate };
      });
    try {
      this.plugins = plugins.map((plugin) =>
        attachPlugin(plugin, this.#pluginRun(plugin.name, run)),
      );
    } catch (error) {
      engine.delete([...this.#owned.keys()]);
      throw error;
    }
    this.features = compileFeatures(engine, model, { prefix: WEIGHT, tap: this.#tap });
    const prefix = options.emaDecay ? AVERAGE : WEIGHT;
    this.inference = compileInference(engine, model, { prefix, tap: this.#tap });
  }

  /** Sets the weights, and starts the optimiser and the moving average from them. */
  start(weights: StateDict): void {
    this.model.checkState(weights, 'initial weights');
    for (const [name, array] of Object.entries(weights)) {
      this.#set({ [WEIGHT + name]: array });
      if (this.options.emaDecay) this.#set({ [AVERAGE + name]: array });
    }
    for (const { name, shape } of [...this.#weights, ...this.#architecture])
      this.#set({ [FIRST + name]: float32(shape), [SECOND + name]: float32(shape) });
  }

  /** The weights to use: their moving average where there is one. */
  async weights(): Promise<StateDict> {
    const prefix = this.options.emaDecay ? AVERAGE : WEIGHT;
    const arrays = await this.engine.get(this.model.params.map(({ name }) => prefix + name));
    return Object.fromEntries(
      Object.entries(arrays).map(([name, array]) => [name.slice(prefix.length), array]),
    );
  }

  /**
   * All that training goes on from.
   *
   * @throws KcrError `STATE_FINITE` where it could not, so that nothing is overwritten by it
   */
  async save(): Promise<TrainerState> {
    const arrays = await this.engine.get(this.#saved());
    const found = nonFinite(arrays);
    if (found)
      throw new KcrError('STATE_FINITE', {
        where: `training after epoch ${this.progress.epoch}`,
        found,
        fix: 'A gradient was not finite: start a new run with a lower learning rate or with `clipNorm`, or look at the plugin named here',
      });
    return { arrays, counts: { ...this.#counts } };
  }

  /**
   * Goes on from what {@link save} gave; after {@link start}.
   *
   * @param where it was read from, for messages
   * @throws KcrError `STATE_DAMAGED` for other arrays than this training has
   */
  restore({ arrays, counts }: TrainerState, where = 'saved training'): void {
    const wrong = this.#misfit(arrays);
    if (wrong) throw stateDamaged(where, wrong);
    this.#set(arrays);
    this.#counts = { ...counts };
  }

  /** Names of the arrays that a training goes on from. */
  #saved(): string[] {
    return [...this.#owned.keys()].filter((name) => !this.#constants.has(name));
  }

  /** How arrays are not those of this training, if they are not. */
  #misfit(arrays: TrainerState['arrays']): string | undefined {
    const expected = new Set(this.#saved());
    const unknown = Object.keys(arrays).find((name) => !expected.has(name));
    if (unknown !== undefined) return `an array ${unknown} that this training has not`;
    const text = ({ dtype, shape }: Pick<NdArray, 'dtype' | 'shape'>) =>
      `${dtype} ${shapeText(shape)}`;
    for (const name of expected) {
      const [own, saved] = [this.#owned.get(name)!, arrays[name]];
      if (!saved) return `no array ${name}`;
      if (text(saved) !== text(own)) return `${name}: ${text(saved)} instead of ${text(own)}`;
    }
    return undefined;
  }

  /** Whether any plugin has architecture parameters. */
  get hasArchitecture(): boolean {
    return this.#architecture.length > 0;
  }

  /** Steps that a group has taken. */
  steps(group: Group): number {
    return this.#counts[group] ?? 0;
  }

  /**
   * One optimiser step over a group of parameters.
   *
   * @param indices of the batch's images in the training set
   * @returns the loss, with those of plugins, and the terms of the task's loss within it by name
   * @throws KcrError `LOSS_NOT_FINITE`
   */
  async step(group: Group, batch: Batch, indices: Int32Array, lr: number) {
    let step = this.#steps.get(group);
    if (!step) {
      step = this.engine.compile(`train-${group}`, (context) => this.#trainStep(context, group));
      this.#steps.set(group, step);
    }
    this.#lr = lr;
    this.progress.step = this.steps(group);
    this.#counts[group] = this.progress.step + 1;
    const index: NdArray = { dtype: 'int32', shape: [indices.length], data: indices };
    const out = await step({ ...batch, index });
    const loss = item(out.loss!);
    if (!Number.isFinite(loss))
      throw lossNotFinite({
        where: `epoch ${this.progress.epoch + 1}, step ${this.progress.step + 1} (${group})`,
        loss,
        batch,
        terms: mapNames(named(out, TERM), item),
        plugins: mapNames(named(out, PLUGIN_TERM), item),
      });
    if (out.features)
      for (const plugin of this.plugins) plugin.observe?.({ indices, features: out.features });
    return { loss, terms: mapNames(named(out, TERM), item) };
  }

  /** Frees the steps and takes the trainer's arrays out of the engine, and no others. */
  async dispose(): Promise<void> {
    for (const step of [...this.#steps.values(), this.features, this.inference])
      await step.dispose();
    this.engine.delete([...this.#owned.keys()]);
  }

  [Symbol.asyncDispose] = () => this.dispose();

  #set(arrays: Readonly<Record<string, NdArray>>): void {
    for (const [name, { dtype, shape }] of Object.entries(arrays))
      this.#owned.set(name, { dtype, shape });
    this.engine.set(arrays);
  }

  #pluginRun(plugin: string, run: RunFacts): PluginRun {
    const path = (name: string) => `${plugin}/${name}`;
    const array = (name: string, initial: NdArray) => {
      this.#set({ [path(name)]: initial });
      return arraySlot(this.engine, path(name), initial);
    };
    return {
      ...run,
      warn: (message) => run.warn(`${plugin}: ${message}`),
      model: this.model,
      generator: this.generator.fork(plugin),
      constant: (name, value) => {
        this.#constants.add(path(name));
        return array(name, value);
      },
      buffer: array,
      parameter: (name, initial) => {
        this.#architecture.push({ name: path(name), shape: initial.shape, decay: false, rate: 1 });
        return array(name, initial);
      },
      input: (name, next) => inputSlot(path(name), () => next(this.progress)),
      noise: (name, shape, draw) => noiseSlot(path(name), shape, draw, () => this.generator),
    };
  }

  readonly #tap = (value: Tensor, info: TapInfo): Tensor =>
    this.plugins.reduce((current, plugin) => plugin.tap?.(current, info) ?? current, value);

  #trained(group: Group): Trained[] {
    if (group === 'weights') return this.#weights;
    return group === 'architecture'
      ? this.#architecture
      : [...this.#weights, ...this.#architecture];
  }

  #trainStep(context: StepContext, group: Group) {
    const trained = this.#trained(group);
    const parameters = trained.map(({ name }) => context.state(name));
    const { loss, aux, gradients } = valueAndGradients(() => this.#loss(context), parameters);
    const updates = {
      ...(group === 'architecture' ? {} : named(aux, WEIGHT, WEIGHT)),
      ...this.#optimise(context, trained, gradients),
    };
    if (group !== 'architecture') Object.assign(updates, this.#average(context, updates));
    const { features } = aux;
    const terms = { ...named(aux, TERM, TERM), ...named(aux, PLUGIN_TERM, PLUGIN_TERM) };
    return { outputs: { loss, ...terms, ...(features ? { features } : {}) }, updates };
  }

  /**
   * The loss; `aux` has the terms of the task's loss and of the plugins', the features where a plugin observes them, and the
   * new running statistics by their state names.
   */
  #loss(context: StepContext): { loss: Tensor; aux: Record<string, Tensor> } {
    const { inputs, state } = context;
    const task = taskOf(this.model);
    const { image, index, ...known } = inputs;
    const aux: Record<string, Tensor> = {};
    const targets = task.targets?.(known, this.model.classes);
    const out = this.model.apply(image!, {
      state: (name) => state(WEIGHT + name),
      training: true,
      draw: drawing(context, () => this.generator),
      schedule: (name, next) => inputSlot(name, () => next(this.progress)).value,
      tap: this.#tap,
      assign: (name, value) => {
        aux[WEIGHT + name] = value;
      },
      targets: known,
    });
    const terms = task.losses(out, targets, this.options.labelSmoothing);
    for (const [name, term] of Object.entries(terms)) aux[TERM + name] = term;
    if (this.plugins.some((plugin) => plugin.observe)) aux.features = out.features;
    const given = lossContext(out, { images: image!, indices: index!, targets, task });
    const all = Object.values(terms);
    for (const plugin of this.plugins) {
      const term = plugin.loss?.(given);
      if (!term) continue;
      all.push(term);
      aux[PLUGIN_TERM + plugin.name] = term;
    }
    return { loss: all.reduce((sum, term) => tf.add(sum, term)), aux };
  }

  #optimise(context: StepContext, trained: readonly Trained[], raw: readonly Tensor[]) {
    const { adamw, clipNorm } = this.options;
    const gradients = clipNorm ? clipGradients(raw, clipNorm) : raw;
    const given = (name: 'size' | 'eps' | 'keep') =>
      context.supply(`adamw.${name}`, [], 'float32', () =>
        Float32Array.of(adamWStep(this.progress.step + 1, this.#lr, adamw)[name]),
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

  #average(context: StepContext, updates: Record<string, Tensor>): Record<string, Tensor> {
    const { emaDecay } = this.options;
    if (!emaDecay) return {};
    const entries = this.model.params.map(({ name, dtype }) => {
      const now = updates[WEIGHT + name] ?? context.state(WEIGHT + name);
      if (dtype === 'int32') return [AVERAGE + name, now];
      const old = context.state(AVERAGE + name);
      return [AVERAGE + name, tf.add(tf.mul(old, emaDecay), tf.mul(now, 1 - emaDecay))];
    });
    return Object.fromEntries(entries);
  }
}
