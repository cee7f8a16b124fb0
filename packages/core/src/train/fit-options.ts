import type { Communicator } from '../engine/communicator.ts';
import type { Engine } from '../engine/engine.ts';
import type { ImageSet } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { ClipOptions } from './clip-gradients.ts';
import type { EpochRecord } from './epoch-record.ts';
import type { Freezing } from './freezing.ts';
import type { Decay } from './learning-rate.ts';
import type { MemoryReport, MicroBatch } from './micro-batch.ts';
import type { OptimizerChoice } from './optimizers.ts';
import type { Plugin } from './plugin.ts';
import type { Snapshots } from './snapshots.ts';
import type { Watching } from './watching.ts';

/** Learning rates over a run, and among the parameters. */
export interface RateOptions {
  /** Peak learning rate. */
  lr: number;
  /** Learning rate at the start of the warm-up and at the end. Default lr / 100. */
  minLr?: number;
  /** Default 0. */
  warmupEpochs?: number;
  /** How the learning rate falls after the warm-up. Default `cosine`. */
  decay?: Decay;
  /** Factor of the learning rate from each layer to the one below it (timm). Default 1. */
  layerDecay?: number;
  /**
   * Factors of the learning rate by the paths that they are for, such as `{ head: 10 }`; where two paths fit a parameter, the
   * longer one counts. Besides `layerDecay`.
   */
  lrFactors?: Readonly<Record<string, number>>;
}

/** An optimiser, its constants, and its learning rates. */
export type OptimizerOptions = RateOptions & OptimizerChoice;

export interface FitOptions extends ClipOptions, Freezing, Watching {
  model: Model;
  engine: Engine;
  train: ImageSet;
  /** Evaluated after each epoch, unless {@link Watching} says less. */
  validation?: ImageSet;
  epochs: number;
  batchSize: number;
  /**
   * Batches that one update is made of: it is that of a batch `accumulate` times as large, in the memory of one. Images are read
   * as that large batch, so augmentation and mixing are its own too; what is left of an epoch for less than one update is left
   * out. Each piece has its own batch statistics and random numbers (dropout, noise of plugins), and terms of plugins are the
   * mean over the pieces. Default 1.
   */
  accumulate?: number;
  /**
   * Images that are trained at once, at most; or `auto`: as many as there is memory for. An update is made of as many equal pieces
   * as that needs, as with `accumulate`, and is that of the whole batch to rounding. A run goes on with another. Default: all.
   */
  microBatch?: MicroBatch;
  /** Bytes that this process may have in all, with those that it has. Default: what is free on the machine. */
  memory?: number;
  /**
   * Compute values of the forward pass again for the gradients, instead of keeping them: less memory, for up to a third more time, and
   * the same numbers. For the onnx engine; the eager engine keeps all. Default false.
   */
  recompute?: boolean;
  /**
   * The processes that train together, by default this one alone. Each trains on its part of every batch of `batchSize`, and all have
   * the same weights after an update: those of one process that accumulates as many pieces, to rounding. Running statistics are
   * the means over the processes. The first writes to `directory`, which all read.
   */
  communicator?: Communicator;
  /**
   * Batch norms normalise by the images of all processes that train together, as PyTorch's `SyncBatchNorm`, instead of those of each: an
   * update is then that of one process, to rounding. Of a batch that is trained in pieces, by the same piece of all. For the onnx engine.
   * Default false.
   */
  syncBatchNorm?: boolean;
  /** The same seed gives the same run. */
  seed: number;
  optimizer: OptimizerOptions;
  plugins?: readonly Plugin[];
  /** Of classification. Default 0. */
  labelSmoothing?: number;
  /** Times that an image comes in a row, augmented anew each time; an epoch has as many images as without. Default 1. */
  augRepeats?: number;
  /** Decay of the moving average of the weights, which is then what is evaluated and saved. */
  emaDecay?: number;
  /** Weights to start from. Default: drawn from the seed. */
  initial?: StateDict;
  /**
   * Folder for checkpoints after each epoch, and within one by {@link checkpointEvery}; a run found there goes on. Beside the weights stand the classes of `train` and
   * how `validation`, or without one `train`, makes inputs of images.
   */
  directory?: string;
  /**
   * Seconds after the last checkpoint after which one is written within an epoch too, after the update that is at work then; 0: after
   * every update. Of several processes, the first one's counts. A plugin that observes steps and has no `hostBuffer` for what it
   * keeps of them could not go on within an epoch: beside one, checkpoints are written after epochs alone. Default 600.
   */
  checkpointEvery?: number;
  /**
   * Folder of trainings that have ended, which several runs share: with a `directory`, one of the same identity is taken from there
   * instead of being trained again, and this one is kept there. Images without an `identity` have no part in it; where that
   * does not say which pixels they are, the folder must be of these images alone.
   */
  cache?: string;
  /** Versions of the packages that take part, by name: a run goes on only with the same. */
  versions?: Readonly<Record<string, string>>;
  /** Told before the first step, where the engine knows it. */
  onMemory?(report: MemoryReport): void;
  /** Told within an update that is made of several pieces, after each of them. */
  onPiece?(report: PieceReport): void;
  onStep?(report: StepReport): void;
  onEpoch?(record: EpochRecord): void;
  /** Default: console.warn. */
  onWarning?(message: string): void;
}

export interface SearchOptions extends FitOptions {
  /** Share of the training images that architecture parameters are trained on. Default 0.3. */
  architectureShare?: number;
  /** Optimiser of the architecture parameters, which have no layers. Default: as the weights'. */
  architectureOptimizer?: OptimizerOptions;
  /**
   * Train the architecture parameters alone, on all training images, while the weights stay as `initial` has them. Weights that
   * are trained beside soft masks make up for them, which leaves the masks little to go by: for a mask g of a channel,
   * g dL/dg is the sum of w dL/dw over the channel's weights, and that is 0 where the weights are at rest. The same as
   * `trainable: []`. Default false.
   */
  freezeWeights?: boolean;
}

/** Where a run is. */
export interface RunPlace {
  epoch: number;
  epochs: number;
  /** Updates done in this epoch, and in an epoch, however many batches each is made of. */
  step: number;
  steps: number;
  /** Images of an update, in all processes together. */
  images: number;
}

/** Where a run is, after a step. */
export interface StepReport extends RunPlace {
  loss: number;
}

/** Where a run is, within a step. */
export interface PieceReport extends RunPlace {
  /** Pieces done of the update after the `step` that are done, and in it, in this process. */
  piece: number;
  pieces: number;
}

export interface FitResult {
  weights: StateDict;
  history: EpochRecord[];
  /** What plugins gave of each epoch, float32 [epochs, ...], by PLUGIN/NAME. */
  snapshots: Snapshots;
}
