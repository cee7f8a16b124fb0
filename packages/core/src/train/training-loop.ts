import { alone, type Communicator } from '../engine/communicator.ts';
import type { CompiledStep } from '../engine/engine.ts';
import { gatherArrays } from '../engine/gather-arrays.ts';
import { int32 } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { Generator } from '../ground/random.ts';
import type { Batch, Dataset, ImageSet } from '../model/batch.ts';
import { type ModelInfo, saveModel } from '../model/checkpoint.ts';
import { plainPreprocessing } from '../model/preprocessing.ts';
import { noClasses } from '../model/task.ts';
import { aheadBytes, batches, batchOrder, imageBatches, range } from './batches.ts';
import { checkDataset } from './check-dataset.ts';
import { checkFitOptions } from './check-fit-options.ts';
import { taskOf } from './classification.ts';
import { withCheckpoint } from './diverged-run.ts';
import { type EpochRecord, validationName } from './epoch-record.ts';
import { evaluateTask } from './evaluate-task.ts';
import { extractFeatures } from './feature-extraction.ts';
import type { FitResult, SearchOptions } from './fit-options.ts';
import { freezingOf, frozenParts } from './freezing.ts';
import { type GroupRates, groupRates } from './group-rates.ts';
import { chosenPieces, freeMemory, imagesAtOnce, notEnough, shapesLike } from './micro-batch.ts';
import { chosenOptimizer } from './optimizers.ts';
import type { ReadableImages } from './plugin.ts';
import { pluginMetrics } from './plugin-metrics.ts';
import { rowsOfRank } from './rank-rows.ts';
import {
  loadRun,
  type PartOfEpoch,
  type RunState,
  saveHistory,
  saveRun,
  trainingFile,
} from './resume.ts';
import { otherRun, type RunIdentity, runIdentity } from './run-identity.ts';
import { stateDamaged } from './seal.ts';
import { withSnapshots } from './snapshots.ts';
import { inTurn, type PlannedStep } from './step-plan.ts';
import { type Group, Trainer } from './trainer.ts';
import { TrainingCache } from './training-cache.ts';
import { type Watched, watchedImages } from './watching.ts';

/** Seconds from one checkpoint to the next, where nothing else is said. */
const CHECKPOINT_EVERY = 600;

/** Where a run is saved, and as what. */
interface RunFolder {
  readonly directory: string;
  readonly identity: RunIdentity;
}

/** An epoch that goes on where it was, and can be saved before it ends. */
interface EpochParts {
  /** What is done of it already. */
  readonly begun?: PartOfEpoch;
  /** Nothing where the run is not saved. */
  readonly save?: (part: PartOfEpoch) => Promise<void>;
}

/** One run of epochs over a {@link Trainer}, saved after each and by the clock. The trainer ends with it. */
export class TrainingLoop implements AsyncDisposable {
  readonly trainer: Trainer;
  readonly #communicator: Communicator;
  readonly #root: Generator;
  /** Images for the weights, and for the architecture parameters. */
  readonly #parts: Record<'weights' | 'architecture', Int32Array>;
  readonly #rates: GroupRates;
  readonly #watched: (done: number) => Watched | undefined;
  /** Images that are evaluated, or whose features are read, at once. */
  readonly #atOnce: number;
  /** When the run was saved last, or began. */
  #savedAt = 0;
  /** Whether it was said that the run is not saved within epochs. */
  #hasWarned = false;
  /** Whether it is known in how many pieces batches are trained. */
  #isCut = false;

  constructor(
    private readonly options: SearchOptions,
    private readonly stage: 'fit' | 'search',
  ) {
    const { model, engine, train, plugins = [], seed, epochs } = options;
    checkFitOptions(options);
    this.#communicator = options.communicator ?? alone;
    this.#atOnce = imagesAtOnce(options.batchSize, options.microBatch);
    checkDataset(model, train, 'training data');
    if (options.validation) checkDataset(model, options.validation, 'validation data');
    this.#root = new Generator(seed);
    // Before there is a trainer, which would have to be freed.
    this.#parts = this.#split(options.architectureShare ?? 0.3);
    this.#checkBatchSize();
    this.#watched = watchedImages(options.validation, options, this.#root.fork('watched'));
    this.#rates = groupRates(options, (group) => {
      const { length } = this.#parts[group === 'architecture' ? group : 'weights'];
      return Math.floor(length / this.#updateSize);
    });
    const travel = this.#rates.travel(stage === 'search' ? 'architecture' : 'all');
    const { optimizer, architectureOptimizer = optimizer } = options;
    const { labelSmoothing = 0, clipGrad, clipMode, emaDecay, accumulate } = options;
    const { recompute, syncBatchNorm } = options;
    const { layerDecay, lrFactors } = optimizer;
    this.trainer = new Trainer({
      model,
      engine,
      plugins,
      run: {
        stage,
        epochs,
        travel,
        samples: train.length,
        warn: options.onWarning ?? console.warn,
      },
      generator: this.#root.fork('plugins'),
      labelSmoothing,
      clipGrad,
      clipMode,
      emaDecay,
      accumulate,
      recompute,
      syncBatchNorm,
      communicator: this.#communicator,
      layerDecay,
      lrFactors,
      optimizer: chosenOptimizer(optimizer),
      // Fitting trains both at once.
      architectureOptimizer:
        stage === 'search' ? chosenOptimizer(architectureOptimizer) : undefined,
      ...freezingOf(options),
    });
  }

  [Symbol.asyncDispose] = () => this.trainer.dispose();

  async run(): Promise<FitResult> {
    const { model, directory, initial, epochs } = this.options;
    this.trainer.start(initial ?? model.initialize(this.#root.fork('weights')));
    // What is not saved needs no identity, for which all images are read.
    const folder = directory ? { directory, identity: await this.#identity() } : undefined;
    if (folder) await this.#checkAlike(folder.identity);
    const cache = folder && this.#cache(folder);
    if (cache) {
      if (this.#writes) await cache.take(folder.directory);
      await this.#communicator.barrier();
    }
    const saved = folder && (await this.#resume(folder));
    if (!saved) await this.#refresh();
    const history = saved?.history ?? [];
    let snapshots = saved?.snapshots ?? {};
    let begun = saved?.within;
    this.#savedAt = performance.now();
    for (let epoch = saved?.epoch ?? 0; epoch < epochs; epoch++)
      try {
        const done = { epoch, history, snapshots };
        const save = folder && ((within: PartOfEpoch) => this.#save(folder, { ...done, within }));
        const record = await this.#epoch(epoch, { begun, save });
        begun = undefined;
        history.push(record);
        const { plugins, progress } = this.trainer;
        snapshots = await withSnapshots(snapshots, plugins, { ...progress, epoch });
        if (folder) await this.#save(folder, { epoch: epoch + 1, history, snapshots });
        this.options.onEpoch?.(record);
      } catch (error) {
        throw directory && epoch > 0 ? withCheckpoint(error, directory, epoch) : error;
      }
    if (cache && this.#writes) await cache.give(folder.directory);
    const weights = await this.trainer.weights();
    model.checkState(weights, 'trained weights');
    return { weights, history, snapshots };
  }

  /** Where trainings like this one are shared, if they are. */
  #cache({ identity }: RunFolder): TrainingCache | undefined {
    const { cache, train, validation } = this.options;
    return cache === undefined ? undefined : TrainingCache.of(cache, identity, [train, validation]);
  }

  /**
   * Cuts batches into pieces for which there is memory, or as large as is said.
   *
   * @param first a batch of the run
   * @throws KcrError `MEMORY` where there is too little, which would end the process without a word
   */
  async #cut(first: Batch): Promise<void> {
    const { accumulate = 1, microBatch, memory, train, onMemory } = this.options;
    const communicator = this.#communicator;
    const images = this.#updateSize / communicator.size;
    const batch = shapesLike(first);
    const groups = this.#groups;
    /** Batches wait for their step. The first one is there, and counted with what the process has. */
    const ahead = aheadBytes(train, images);
    const needed = async (pieces: number) => {
      this.trainer.cutInto(pieces);
      const bytes = await this.trainer.memory(groups, batch, images);
      return bytes === undefined ? undefined : bytes + ahead;
    };
    const room =
      memory === undefined ? await freeMemory(communicator) : memory - process.memoryUsage.rss();
    const pieces =
      microBatch === undefined
        ? accumulate
        : await chosenPieces({ images, microBatch, communicator, needed, room });
    const bytes = await needed(pieces);
    this.#isCut = true;
    if (bytes === undefined) return;
    if (bytes > room)
      throw notEnough({
        images: images / pieces,
        bytes,
        available: room,
        fix: 'Let `microBatch` (--micro-batch) be `auto`, or fewer images: the update stays that of the whole batch',
      });
    const own = process.memoryUsage.rss();
    onMemory?.({ images, pieces, bytes: own + bytes, available: memory ?? own + room });
  }

  /** The groups of parameters that there are steps of. */
  get #groups(): Group[] {
    if (this.stage === 'fit') return [this.trainer.hasArchitecture ? 'all' : 'weights'];
    return this.#frozenSearch ? ['architecture'] : ['weights', 'architecture'];
  }

  /** Goes on from what the folder has, if it has anything, and makes what is there for others of it again. */
  async #resume({ directory, identity }: RunFolder): Promise<RunState | undefined> {
    const saved = await loadRun(directory, identity, this.options.epochs);
    await this.#checkResumed(directory, saved);
    if (!saved) return undefined;
    this.trainer.restore(saved.trainer, trainingFile(directory));
    // None may write what another has not read.
    await this.#communicator.barrier();
    if (this.#writes) {
      if (!saved.within) await this.#saveModel(directory);
      await saveHistory(directory, saved);
    }
    return saved;
  }

  /** All train the same, by what each has of it. @throws KcrError `RANKS_DIFFER` */
  async #checkAlike(identity: RunIdentity): Promise<void> {
    const { rank } = this.#communicator;
    const own = new TextEncoder().encode(JSON.stringify(identity));
    const [first] = await this.#communicator.allGather(own);
    const found = otherRun(JSON.parse(new TextDecoder().decode(first)), identity);
    if (found !== undefined)
      throw new KcrError('RANKS_DIFFER', {
        where: `rank ${rank}, beside rank 0`,
        found,
        fix: 'Give all processes the same options, images and packages',
      });
  }

  /** All go on from the same place. @throws KcrError `RANKS_DIFFER` */
  async #checkResumed(directory: string, saved: RunState | undefined): Promise<void> {
    const place = int32([2], [saved?.epoch ?? 0, saved?.within?.step ?? 0]);
    const all = await gatherArrays(this.#communicator, { place });
    const places = all.map((arrays) => Array.from(arrays.place!.data).join(' and '));
    if (new Set(places).size === 1) return;
    throw new KcrError('RANKS_DIFFER', {
      where: directory,
      found: `epochs and updates done, by rank: ${places.join(', ')}`,
      fix: 'Give all processes one folder that they share',
    });
  }

  /** Whether this process writes what all have. */
  get #writes(): boolean {
    return this.#communicator.rank === 0;
  }

  async #saveModel(directory: string): Promise<void> {
    await saveModel(directory, this.options.model, await this.trainer.weights(), this.#info());
  }

  /**
   * Saves the run; nothing is written where a part of it cannot be gone on with. Beside it stands the model after the last whole
   * epoch.
   */
  async #save({ directory, identity }: RunFolder, done: Omit<RunState, 'trainer'>): Promise<void> {
    if (this.#writes) {
      const trainer = await this.trainer.save();
      // The run's state comes last: whatever is killed before it is done again from the checkpoint before.
      if (!done.within) await this.#saveModel(directory);
      await saveRun(directory, { ...done, trainer }, identity);
    }
    this.#savedAt = performance.now();
  }

  /** Whether a checkpoint is due within an epoch, which the first process says to all. */
  async #isDue(): Promise<boolean> {
    const { checkpointEvery = CHECKPOINT_EVERY } = this.options;
    let isDue = this.#writes && performance.now() - this.#savedAt >= 1000 * checkpointEvery;
    if (isDue && this.trainer.forgetful !== undefined) {
      this.#warnOfForgetful(this.trainer.forgetful);
      isDue = false;
    }
    if (this.#communicator.size === 1) return isDue;
    const said = Float64Array.of(isDue ? 1 : 0);
    await this.#communicator.allReduce(said);
    return said[0] === 1;
  }

  #warnOfForgetful(plugin: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { onWarning = console.warn } = this.options;
    onWarning(
      `plugin "${plugin}" observes steps and has no hostBuffer for what it keeps of them: the run is saved after epochs alone`,
    );
  }

  /** @param part what is done of the epoch already, and how that is saved */
  async #epoch(epoch: number, part: EpochParts): Promise<EpochRecord> {
    const started = performance.now();
    const { begun } = part;
    const seconds = () => (begun?.seconds ?? 0) + (performance.now() - started) / 1000;
    const { trainer } = this;
    trainer.progress.epoch = epoch;
    const record: EpochRecord = { epoch: epoch + 1, ...(await this.#train(epoch, part, seconds)) };
    await trainer.align();
    Object.assign(record, await this.#validate(epoch + 1));
    trainer.progress.epoch = epoch + 1;
    await this.#refresh();
    const { metrics } = taskOf(this.options.model);
    const validated = Object.keys(metrics).map((name) => validationName(name));
    const taken = [...Object.keys(record), ...validated, 'seconds'];
    const progress = { ...trainer.progress, epoch };
    Object.assign(record, await pluginMetrics(trainer.plugins, progress, taken));
    record.seconds = seconds();
    return record;
  }

  /**
   * The steps of an epoch.
   *
   * @param seconds that the epoch has taken
   * @returns the last step's learning rate, and the means of the loss and its terms
   */
  async #train(
    epoch: number,
    { begun, save }: EpochParts,
    seconds: () => number,
  ): Promise<Record<string, number>> {
    const { train, epochs } = this.options;
    const { trainer } = this;
    trainer.generator = this.#root.fork(`steps:${epoch}`);
    if (begun) trainer.restoreRandom(begun.random);
    const plan = this.#plan(epoch);
    let step = begun?.step ?? 0;
    if (step >= plan.length) throw this.#noSuchStep(epoch, step, plan.length);
    const rest = plan.slice(step);
    const augment = (i: number) =>
      this.#root.fork(`augment:${epoch}:${plan.length - rest.length + i}`);
    const totals: Record<string, number> = { loss: 0, ...begun?.totals };
    let lr = 0;
    for await (const { indices, batch } of batches(
      train,
      rest.map((planned) => rowsOfRank(planned.indices, this.#communicator)),
      augment,
    )) {
      const { group } = plan[step]!;
      if (!this.#isCut) await this.#cut(batch);
      lr = this.#rates.rate(group, trainer.steps(group));
      const images = this.#updateSize;
      const at = { epoch, epochs, steps: plan.length, images };
      const out = await trainer.step(group, batch, indices, lr, (piece, pieces) =>
        this.options.onPiece?.({ ...at, step, piece, pieces }),
      );
      step++;
      for (const [name, value] of Object.entries({ loss: out.loss, ...out.terms }))
        totals[name] = (totals[name] ?? 0) + value;
      if (save && step < plan.length && (await this.#isDue())) {
        await trainer.align();
        await save({ step, totals, seconds: seconds(), random: await trainer.randomState() });
      }
      this.options.onStep?.({ ...at, step, loss: out.loss });
    }
    const means = Object.entries(totals).map(([name, sum]) => [name, sum / step]);
    return { lr, ...Object.fromEntries(means) };
  }

  #noSuchStep(epoch: number, step: number, steps: number): KcrError {
    const path = trainingFile(this.options.directory!);
    return stateDamaged(path, `${step} of ${steps} updates in epoch ${epoch + 1}, which goes on`);
  }

  /** What the validation images give after so many epochs. */
  async #validate(done: number): Promise<Record<string, number>> {
    const { trainer } = this;
    const validated: Record<string, number> = {};
    const watched = this.#watched(done);
    if (!watched) return validated;
    const { images, way } = watched;
    const evaluate = (inference: CompiledStep) =>
      evaluateTask(taskOf(this.options.model), inference, images, this.#atOnce);
    for (const [name, value] of Object.entries(await evaluate(trainer.inference)))
      validated[validationName(name, way)] = value;
    // In a search masks are hard when it is evaluated, and soft while it is trained.
    if (this.stage === 'search')
      for (const [name, value] of Object.entries(await evaluate(trainer.softInference)))
        validated[validationName(name, way === 'sample' ? 'sampleSoft' : 'soft')] = value;
    return validated;
  }

  async #refresh(): Promise<void> {
    const { trainer } = this;
    const { train, validation } = this.options;
    for (const plugin of trainer.plugins)
      await plugin.refresh?.(
        this.#readable(train, {
          ...trainer.progress,
          ...(validation ? { validation: this.#readable(validation, {}) } : {}),
        }),
      );
  }

  /** @param rest what is said besides: a getter would not survive being spread into it */
  #readable<T extends object>(data: ImageSet, rest: T): ReadableImages & T {
    const { trainer } = this;
    const { model } = this.options;
    const atOnce = this.#atOnce;
    return {
      ...rest,
      features: (indices) => extractFeatures(trainer.features, data, atOnce, indices),
      images: (indices) => imageBatches(data, atOnce, indices),
      get labels() {
        return (data as Partial<Dataset>).labels ?? noClasses('labels', taskOf(model));
      },
    };
  }

  /** Images of one update, in all processes. */
  get #updateSize(): number {
    return this.options.batchSize * (this.options.accumulate ?? 1);
  }

  /** @throws KcrError `BATCH_SIZE` for a part of the images that has not one update */
  #checkBatchSize(): void {
    const { batchSize, accumulate = 1 } = this.options;
    const { size } = this.#communicator;
    if (Number.isInteger(batchSize) && batchSize % size !== 0)
      throw new KcrError('BATCH_SIZE', {
        where: 'training together',
        found: `a batch of ${batchSize} for ${size} processes`,
        fix: `Choose a multiple of ${size}`,
      });
    for (const [part, { length }] of Object.entries(this.#parts)) {
      if (part === 'weights' ? this.#frozenSearch : this.stage === 'fit') continue;
      const most = Math.floor(length / accumulate);
      if (Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= most) continue;
      const times = accumulate > 1 ? `, ${accumulate} times for an update,` : '';
      throw new KcrError('BATCH_SIZE', {
        where: `training data for the ${part}`,
        found: `a batch of ${batchSize}${times} from ${length} images`,
        fix: `Choose a batch size from 1 to ${most}, or give more images`,
      });
    }
  }

  /** Whether this is a search whose weights all stay. */
  get #frozenSearch(): boolean {
    const { model } = this.options;
    const isFrozen = frozenParts(model, freezingOf(this.options));
    const trainable = model.params.filter((param) => param.trainable);
    return this.stage === 'search' && trainable.every(({ name }) => isFrozen(name));
  }

  #split(share: number): Record<'weights' | 'architecture', Int32Array> {
    const { train } = this.options;
    const [all, none] = [range(train.length), new Int32Array(0)];
    if (this.stage === 'fit') return { weights: all, architecture: none };
    if (this.#frozenSearch) return { weights: none, architecture: all };
    const order = this.#root.fork('split').permutation(train.length);
    const cut = Math.round(train.length * (1 - share));
    return { weights: order.slice(0, cut), architecture: order.slice(cut) };
  }

  /** The batches of an epoch. In a search, those of the two groups alternate in proportion. */
  #plan(epoch: number): PlannedStep[] {
    const [group] = this.#groups;
    const steps = (part: 'weights' | 'architecture', group: Group) =>
      this.#batches(part, epoch).map((indices) => ({ group, indices }));
    return inTurn(steps('weights', group!), steps('architecture', 'architecture'));
  }

  #batches(part: 'weights' | 'architecture', epoch: number): Int32Array[] {
    const images = this.#parts[part];
    const order = this.#root.fork(`order:${part}:${epoch}`).permutation(images.length);
    const { augRepeats: repeats = 1 } = this.options;
    const repeated = order.map((_, i) => images[order[Math.floor(i / repeats)]!]!);
    return batchOrder(repeated, this.#updateSize, { full: true });
  }

  /** What is saved with the model: it is shown images as validation is. */
  #info(): ModelInfo {
    const { train, validation } = this.options;
    const { classes, shape } = train;
    return { classes, input: (validation ?? train).input ?? plainPreprocessing(shape) };
  }

  /** What must be the same for a run to go on: all options but those that say where it is and who is told. */
  #identity(): Promise<RunIdentity> {
    const {
      model,
      engine,
      train,
      validation,
      initial,
      plugins = [],
      versions,
      ...more
    } = this.options;
    const {
      directory,
      cache,
      checkpointEvery,
      communicator,
      microBatch,
      recompute,
      memory,
      onMemory,
      onPiece,
      onStep,
      onEpoch,
      onWarning,
      ...options
    } = more;
    return runIdentity({
      stage: this.stage,
      model,
      data: { train, validation },
      weights: { initial },
      extensions: plugins,
      versions,
      options,
    });
  }
}
