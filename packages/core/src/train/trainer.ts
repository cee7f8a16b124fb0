import type { CompiledStep, Engine } from '../engine/engine.ts';
import { arraySlot, inputSlot, noiseSlot } from '../engine/slots.ts';
import { float32, item, kindText, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { nonFinite } from '../ground/finite.ts';
import type { Generator } from '../ground/random.ts';
import type { Batch } from '../model/batch.ts';
import type { Progress } from '../model/clock.ts';
import type { Model } from '../model/model.ts';
import type { TapInfo } from '../model/scope.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { Tensor } from '../tensor/tf.ts';
import { type AttachedPlugin, attachPlugin, checkPlugins } from './attaching.ts';
import { taskOf } from './classification.ts';
import { compileFeatures, compileInference } from './inference.ts';
import { layerDepth } from './layer-depth.ts';
import { lossNotFinite } from './loss-not-finite.ts';
import type { Plugin, PluginRun } from './plugin.ts';
import { stateDamaged } from './seal.ts';
import { AVERAGE, FIRST, named, SECOND, WEIGHT } from './state-names.ts';
import {
  PLUGIN_TERM,
  TERM,
  type Trained,
  type TrainStepOptions,
  type TrainStepRun,
  trainStep,
  watched,
} from './train-step.ts';

export interface TrainerOptions extends TrainStepOptions {
  model: Model;
  engine: Engine;
  plugins: readonly Plugin[];
  run: RunFacts;
  /** Random numbers of the steps; the training loop replaces it each epoch. */
  generator: Generator;
  /** The learning rate of a layer is this to the power of the layers above it (timm). Default 1. */
  layerDecay?: number;
}

/** What plugins are told of the run. */
export type RunFacts = Pick<PluginRun, 'stage' | 'epochs' | 'samples' | 'travel' | 'warn'>;

/** What a step trains: the weights, the plugins' architecture parameters, or both at once. */
export type Group = 'weights' | 'architecture' | 'all';

/** All that training goes on from. */
export interface TrainerState {
  arrays: Record<string, NdArray>;
  /** Steps taken, by group. */
  counts: Partial<Record<Group, number>>;
}

const mapNames = <T, R>(entries: Record<string, T>, change: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, change(value)]));

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
  /** The same with what plugins do in training, such as soft masks. */
  readonly softInference: CompiledStep;
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
    const tap: TrainStepRun['tap'] = (value, info) => this.#tap(value, { ...info, training: true });
    this.softInference = compileInference(engine, model, { prefix, tap });
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
    for (const name of expected) {
      const [own, saved] = [this.#owned.get(name)!, arrays[name]];
      if (!saved) return `no array ${name}`;
      if (kindText(saved) !== kindText(own))
        return `${name}: ${kindText(saved)} instead of ${kindText(own)}`;
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
      const trained = this.#trained(group);
      const isWeights = group !== 'architecture';
      step = this.engine.compile(`train-${group}`, (context) =>
        trainStep(this.#run, context, { trained, isWeights }),
      );
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
    const { features } = out;
    if (features)
      this.plugins.forEach((plugin, i) => {
        plugin.observe?.({ indices, features, values: named(out, watched(i)) });
      });
    return { loss, terms: mapNames(named(out, TERM), item) };
  }

  /** Frees the steps and takes the trainer's arrays out of the engine, and no others. */
  async dispose(): Promise<void> {
    const { features, inference, softInference } = this;
    for (const step of [...this.#steps.values(), features, inference, softInference])
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

  get #run(): TrainStepRun {
    const { model, plugins, options, progress } = this;
    return {
      model,
      plugins,
      options,
      progress,
      tap: this.#tap,
      generator: () => this.generator,
      lr: () => this.#lr,
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
}
