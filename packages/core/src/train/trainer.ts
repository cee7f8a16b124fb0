import { alone, type Communicator } from '../engine/communicator.ts';
import type { CompiledStep, Engine } from '../engine/engine.ts';
import { gatherArrays } from '../engine/gather-arrays.ts';
import { float32, int32, item, type NdArray } from '../ground/array.ts';
import type { Generator } from '../ground/random.ts';
import type { Batch } from '../model/batch.ts';
import { checkExtension } from '../model/check-extension.ts';
import type { Progress } from '../model/clock.ts';
import type { Model } from '../model/model.ts';
import type { TapInfo } from '../model/scope.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { Tensor } from '../tensor/tf.ts';
import { type AttachedPlugin, attachPlugin, checkPlugins } from './attaching.ts';
import { checkSmoothing } from './check-fit-options.ts';
import { taskOf } from './classification.ts';
import { EngineArrays } from './engine-arrays.ts';
import { alignWithFirst, Exchange } from './exchange.ts';
import type { RateOptions } from './fit-options.ts';
import { type Freezing, frozenParts } from './freezing.ts';
import { compileFeatures, compileInference } from './inference.ts';
import { lossNotFinite } from './loss-not-finite.ts';
import type { BatchShapes } from './micro-batch.ts';
import type { Optimizer } from './optimizer.ts';
import { piecesOf } from './pieces.ts';
import type { Plugin } from './plugin.ts';
import { inOrder } from './plugin-order.ts';
import { type PluginHost, pluginRun, type RunFacts } from './plugin-run.ts';
import { sharedInference } from './shared-inference.ts';
import { AVERAGE, GRADIENT, named, slotName, WEIGHT } from './state-names.ts';
import { meanLoss, type StepLoss } from './step-loss.ts';
import {
  gradientStep,
  PLUGIN_TERM,
  TERM,
  type Trained,
  type TrainedGroup,
  type TrainStepOptions,
  type TrainStepRun,
  trainStep,
  updateStep,
  watched,
} from './train-step.ts';
import { nothingTrained, trainedWeights } from './trained-weights.ts';

export interface TrainerOptions
  extends TrainStepOptions,
    Freezing,
    Pick<RateOptions, 'layerDecay' | 'lrFactors'> {
  model: Model;
  engine: Engine;
  plugins: readonly Plugin[];
  run: RunFacts;
  /** Random numbers of the steps; the training loop replaces it each epoch. */
  generator: Generator;
  optimizer: Optimizer;
  /** Of steps of the architecture parameters alone. Default: as the weights'. */
  architectureOptimizer?: Optimizer;
  /** Equal pieces that a batch is trained in, one after another, for one update. Default 1. */
  accumulate?: number;
  /** The processes that train together, each on its part of a batch. Default: this one alone. */
  communicator?: Communicator;
}

/** What a step trains: the weights, the plugins' architecture parameters, or both at once. */
export type Group = 'weights' | 'architecture' | 'all';

/** Where the random numbers of an epoch's steps are. */
export interface RandomState {
  /** State of those that are the same in all processes. */
  readonly shared: readonly number[];
  /** States of those that each process draws by image, by rank. */
  readonly ranks: readonly (readonly number[])[];
}

/** All that training goes on from, besides its random numbers. */
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
  readonly #communicator: Communicator;
  readonly #exchanges: Exchange;
  #generator: Generator;
  /** Random numbers that the model draws by image: no two processes have the same images. */
  #drawn: Generator;
  readonly plugins: readonly AttachedPlugin[];
  /** Where the run is; the training loop sets the epoch. */
  readonly progress: Progress;
  /** Features under the raw weights. */
  readonly features: CompiledStep;
  /** Evaluation under the weights to use: their moving average where there is one. */
  readonly inference: CompiledStep;
  /** The same with what plugins do in training, such as soft masks. */
  readonly softInference: CompiledStep;
  /** Whether a parameter or buffer of the model stays as it is. */
  readonly #frozen: (name: string) => boolean;
  readonly #weights: Trained[];
  readonly #architecture: Trained[] = [];
  /** What it holds in the engine. */
  readonly #arrays: EngineArrays;
  readonly #steps = new Map<string, CompiledStep>();
  #counts: TrainerState['counts'] = {};
  #lr = 0;
  /** Equal pieces that this process trains its part of a batch in. */
  #accumulate: number;

  constructor(private readonly options: TrainerOptions) {
    const { model, engine, plugins, run, optimizer, architectureOptimizer } = options;
    this.model = model;
    this.engine = engine;
    this.#arrays = new EngineArrays(engine);
    this.#communicator = options.communicator ?? alone;
    this.#exchanges = new Exchange(options.engine, this.#communicator);
    this.#accumulate = options.accumulate ?? 1;
    this.#generator = options.generator;
    this.#drawn = this.#ofRank(options.generator);
    checkPlugins(plugins, model);
    for (const own of [optimizer, architectureOptimizer])
      if (own) checkExtension('optimizer', own, model);
    checkSmoothing(taskOf(model), options.labelSmoothing);
    this.progress = { epoch: 0, epochs: run.epochs, step: 0 };
    this.#frozen = frozenParts(model, options);
    this.#weights = trainedWeights(model, options, this.#frozen);
    try {
      this.plugins = inOrder(plugins).map((plugin) =>
        attachPlugin(plugin, pluginRun(plugin.name, run, this.#pluginHost())),
      );
      if (!this.trainsWeights && !this.hasArchitecture) throw nothingTrained(model, options);
    } catch (error) {
      this.#arrays.delete();
      throw error;
    }
    const shared = (step: CompiledStep) => sharedInference(step, this.#communicator);
    this.features = shared(compileFeatures(engine, model, { prefix: WEIGHT, tap: this.#tap }));
    const prefix = options.emaDecay ? AVERAGE : WEIGHT;
    this.inference = shared(compileInference(engine, model, { prefix, tap: this.#tap }));
    const tap: TrainStepRun['tap'] = (value, info) => this.#tap(value, { ...info, training: true });
    this.softInference = shared(compileInference(engine, model, { prefix, tap }));
  }

  /** Random numbers of now, the same in all processes. */
  get generator(): Generator {
    return this.#generator;
  }

  set generator(generator: Generator) {
    this.#generator = generator;
    this.#drawn = this.#ofRank(generator);
  }

  /** The plugin, if there is one, that would have lost what it observed of an epoch's steps where a run goes on within it. */
  get forgetful(): string | undefined {
    const loses = ({ name, observe }: AttachedPlugin) => observe && !this.#arrays.hasHost(name);
    return this.plugins.find(loses)?.name;
  }

  /** Where the random numbers are, in all processes. */
  async randomState(): Promise<RandomState> {
    const { state } = this.#drawn;
    const all = await gatherArrays(this.#communicator, { own: int32([state.length], state) });
    const ranks = all.map(({ own }) => Array.from(own!.data));
    return { shared: this.#generator.state, ranks };
  }

  /**
   * Goes on with the random numbers of {@link randomState}. Where there are not as many processes as then, each has other images, and
   * begins anew with what it draws by image.
   */
  restoreRandom({ shared, ranks }: RandomState): void {
    this.#generator.state = shared;
    const { rank, size } = this.#communicator;
    if (ranks.length === size) this.#drawn.state = ranks[rank]!;
  }

  #ofRank(generator: Generator): Generator {
    const { rank, size } = this.#communicator;
    return size === 1 ? generator : generator.fork(`rank ${rank}`);
  }

  /** Parts that a batch is trained in, in all processes together. */
  get #pieces(): number {
    return this.#accumulate * this.#communicator.size;
  }

  /** Sets the weights, and starts the optimiser and the moving average from them. */
  start(weights: StateDict): void {
    this.model.checkState(weights, 'initial weights');
    for (const [name, array] of Object.entries(weights)) {
      this.#arrays.set({ [WEIGHT + name]: array });
      if (this.options.emaDecay) this.#arrays.set({ [AVERAGE + name]: array });
    }
    const { optimizer, architectureOptimizer = optimizer } = this.options;
    this.#startGroup(this.#weights, optimizer);
    this.#startGroup(this.#architecture, architectureOptimizer);
  }

  /** Sets what is kept of parameters besides their values. */
  #startGroup(trained: readonly Trained[], { slots }: Optimizer): void {
    for (const { name, shape } of trained)
      for (const slot of slots) this.#arrays.set({ [slotName(slot, name)]: float32(shape) });
    this.#startGradients();
  }

  /** Sets the sums of gradients, where a batch is trained in pieces. They are 0 whenever a checkpoint is written. */
  #startGradients(): void {
    if (this.#pieces === 1) return;
    for (const { name, shape } of [...this.#weights, ...this.#architecture])
      this.#arrays.set({ [GRADIENT + name]: float32(shape) }, { saved: false });
  }

  /** Trains batches in so many equal pieces from now on; before the first step. */
  cutInto(pieces: number): void {
    this.#accumulate = pieces;
    this.#startGradients();
  }

  /**
   * Bytes that steps take besides what the engine's state takes now.
   *
   * @param groups whose steps there are
   * @param batch types and shapes of a batch of so many images
   * @param images of a batch, in this process
   * @returns undefined where the engine cannot say
   */
  async memory(
    groups: readonly Group[],
    batch: (images: number) => BatchShapes,
    images: number,
  ): Promise<number | undefined> {
    const shared = new Map<string, number>();
    let run = 0;
    for (const group of groups)
      for (const { step, inputs } of this.#stepsOf(group, batch, images)) {
        const memory = await step.memory?.(inputs);
        if (!memory) return undefined;
        run += memory.run;
        for (const [name, bytes] of Object.entries(memory.shared)) shared.set(name, bytes);
      }
    return [...shared.values()].reduce((sum, bytes) => sum + bytes, run);
  }

  /** The steps of a group, with what they are called with. */
  #stepsOf(group: Group, batch: (images: number) => BatchShapes, images: number) {
    const size = images / this.#accumulate;
    const index: BatchShapes[string] = { dtype: 'int32', shape: [size] };
    const inputs = { ...batch(size), index };
    if (this.#pieces === 1)
      return [{ step: this.#compiled(`train-${group}`, group, trainStep), inputs }];
    const step = this.#compiled(`gradients-${group}`, group, gradientStep);
    return [{ step, inputs }, { step: this.#update(group) }];
  }

  /** The step that ends an update of several pieces. */
  #update(group: Group): CompiledStep {
    const pieces = this.#pieces;
    const update: typeof trainStep = (run, context, trained) =>
      updateStep(run, context, trained, pieces);
    return this.#compiled(`update-${group}`, group, update, pieces);
  }

  /** Gives all processes the values of the first. */
  align(): Promise<void> {
    return alignWithFirst(this.#arrays, this.#communicator);
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
    const arrays = await this.#arrays.save(`training after epoch ${this.progress.epoch}`);
    return { arrays, counts: { ...this.#counts } };
  }

  /**
   * Goes on from what {@link save} gave; after {@link start}.
   *
   * @param where it was read from, for messages
   * @throws KcrError `STATE_DAMAGED` for other arrays than this training has
   */
  restore({ arrays, counts }: TrainerState, where = 'saved training'): void {
    this.#arrays.restore(arrays, where);
    this.#counts = { ...counts };
  }

  /** Whether any plugin has architecture parameters. */
  get hasArchitecture(): boolean {
    return this.#architecture.length > 0;
  }

  /** Whether any of the model's weights are trained. */
  get trainsWeights(): boolean {
    return this.#weights.length > 0;
  }

  /** Steps that a group has taken. */
  steps(group: Group): number {
    return this.#counts[group] ?? 0;
  }

  /**
   * One optimiser step over a group of parameters. Where gradients are accumulated, the batch is trained in equal pieces, and the
   * loss and its terms are the means over them, and over the processes that train together.
   *
   * @param batch this process's part of it
   * @param indices of its images in the training set
   * @param onPiece told how many of its pieces are done, after each of several
   * @returns the loss, with those of plugins, and the terms of the task's loss within it by name
   * @throws KcrError `LOSS_NOT_FINITE`, `BATCH_SIZE` for a batch without so many equal pieces
   */
  async step(
    group: Group,
    batch: Batch,
    indices: Int32Array,
    lr: number,
    onPiece?: (done: number, pieces: number) => void,
  ) {
    this.#lr = lr;
    this.progress.step = this.steps(group);
    this.#counts[group] = this.progress.step + 1;
    if (this.#pieces === 1) {
      const step = this.#compiled(`train-${group}`, group, trainStep);
      return await this.#batch(step, group, batch, indices);
    }
    const step = this.#compiled(`gradients-${group}`, group, gradientStep);
    const losses: StepLoss[] = [];
    for (const piece of piecesOf(batch, indices, this.#accumulate)) {
      losses.push(await this.#batch(step, group, piece.batch, piece.indices));
      onPiece?.(losses.length, this.#accumulate);
    }
    await this.#exchange(group);
    await this.#update(group)();
    return await this.#meanLoss(meanLoss(losses));
  }

  /** Adds up the gradients of all processes, and takes the means of running statistics, of which each has those of its own images. */
  async #exchange(group: Group): Promise<void> {
    if (this.#communicator.size === 1) return;
    const { trained, isWeights } = this.#group(group);
    const { params } = this.model;
    const statistics = params.filter(
      ({ name, dtype, trainable }) => !trainable && dtype !== 'int32' && !this.#frozen(name),
    );
    await this.#exchanges.run({
      sums: trained.map(({ name }) => GRADIENT + name),
      means: isWeights ? statistics.map(({ name }) => WEIGHT + name) : [],
    });
  }

  /** The mean over all processes. */
  async #meanLoss({ loss, terms }: StepLoss): Promise<StepLoss> {
    const { size } = this.#communicator;
    if (size === 1) return { loss, terms };
    const values = Float64Array.of(loss, ...Object.values(terms));
    await this.#communicator.allReduce(values);
    const [mean, ...means] = values.map((sum) => sum / size);
    const names = Object.keys(terms).map((name, i) => [name, means[i]!]);
    return { loss: mean!, terms: Object.fromEntries(names) };
  }

  /** A step over a group, compiled once under its name. @param variant of what its function closes over */
  #compiled(name: string, group: Group, train: typeof trainStep, variant = 0): CompiledStep {
    const key = `${name}:${variant}`;
    let step = this.#steps.get(key);
    if (!step) {
      const trained = this.#group(group);
      step = this.engine.compile(name, (context) => train(this.#run, context, trained));
      this.#steps.set(key, step);
    }
    return step;
  }

  /** Runs a compiled step on a batch, and tells plugins what it gave. */
  async #batch(
    step: CompiledStep,
    group: Group,
    batch: Batch,
    indices: Int32Array,
  ): Promise<StepLoss> {
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
    if (features) await this.#observe(indices, out);
    return { loss, terms: mapNames(named(out, TERM), item) };
  }

  /** Tells plugins what a batch gave, and what it gave in the other processes: they go on from the same. */
  async #observe(indices: Int32Array, out: Readonly<Record<string, NdArray>>): Promise<void> {
    const { features } = out as { features: NdArray };
    const told = this.plugins.flatMap((_, i) => Object.entries(named(out, watched(i), watched(i))));
    const index: NdArray = { dtype: 'int32', shape: [indices.length], data: indices };
    const own = { ...Object.fromEntries(told), features, index };
    for (const all of await gatherArrays(this.#communicator, own))
      this.plugins.forEach((plugin, i) => {
        plugin.observe?.({
          indices: all.index!.data as Int32Array,
          features: all.features!,
          values: named(all, watched(i)),
        });
      });
  }

  /** Frees the steps and takes the trainer's arrays out of the engine, and no others. */
  async dispose(): Promise<void> {
    const { features, inference, softInference } = this;
    for (const step of [...this.#steps.values(), features, inference, softInference])
      await step.dispose();
    this.#arrays.delete();
  }

  [Symbol.asyncDispose] = () => this.dispose();

  #pluginHost(): PluginHost {
    const { model, engine, progress } = this;
    const [arrays, trained] = [this.#arrays, this.#architecture];
    return { model, engine, progress, arrays, trained, generator: () => this.generator };
  }

  get #run(): TrainStepRun {
    const { model, plugins, options, progress } = this;
    return {
      model,
      plugins,
      options,
      progress,
      frozen: this.#frozen,
      tap: this.#tap,
      communicator: this.#communicator,
      generator: () => this.#drawn,
      lr: () => this.#lr,
    };
  }

  readonly #tap = (value: Tensor, info: TapInfo): Tensor =>
    this.plugins.reduce((current, plugin) => plugin.tap?.(current, info) ?? current, value);

  #group(group: Group): TrainedGroup {
    const { optimizer, architectureOptimizer = optimizer } = this.options;
    const [weights, architecture] = [this.#weights, this.#architecture];
    if (group === 'architecture')
      return { trained: architecture, optimizer: architectureOptimizer, isWeights: false };
    const trained = group === 'weights' ? weights : [...weights, ...architecture];
    return { trained, optimizer, isWeights: true };
  }
}
