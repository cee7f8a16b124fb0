import type { ArraySlot, Slot } from '../engine/slots.ts';
import type { NdArray } from '../ground/array.ts';
import {
  type Definition,
  defineExtension,
  type Extension,
  type Maker,
} from '../ground/extension.ts';
import type { Draw, Generator } from '../ground/random.ts';
import type { Progress, Schedule } from '../model/clock.ts';
import type { Kept } from '../model/dim.ts';
import type { Model } from '../model/model.ts';
import type { TapInfo } from '../model/scope.ts';
import type { Tensor } from '../tensor/tf.ts';
import type { Curve } from './chart.ts';
import type { PluginOrder } from './plugin-order.ts';

/** What a plugin is attached to, and how it declares what changes while the run goes on. */
export interface PluginRun {
  readonly model: Model;
  /** `search` where architecture parameters are trained on data of their own. */
  readonly stage: 'fit' | 'search';
  readonly epochs: number;
  /** Number of training images. */
  readonly samples: number;
  /**
   * The sum of the architecture parameters' learning rates over the run: about the most that one of them can move, since a step of
   * Adam moves by the learning rate at most where gradients are steady, and by less where they are noisy.
   */
  readonly travel: number;
  /** A stream of random numbers of this plugin's own. */
  readonly generator: Generator;
  /** An array that never changes, such as a teacher's weights. Not saved in checkpoints. */
  constant(name: string, value: NdArray): Slot;
  /** An array that changes between epochs. Saved in checkpoints. */
  buffer(name: string, initial: NdArray): ArraySlot;
  /**
   * An array of this process that hooks outside steps write to, such as sums of what `observe` was given: the data of what is
   * returned. Saved in checkpoints, and there again with the saved values where a run goes on, also within an epoch.
   */
  hostBuffer(name: string, initial: NdArray): NdArray;
  /** A trained architecture parameter: never decayed. Saved in checkpoints. */
  parameter(name: string, initial: NdArray): ArraySlot;
  /** A number that changes from step to step. */
  input(name: string, next: Schedule): Slot;
  /** Random numbers, new in every step. */
  noise(name: string, shape: readonly number[], draw: Draw): Slot;
  /** Tells the user something that they should know, e.g. that a mask has collapsed. */
  warn(message: string): void;
}

/** What a loss term may read. */
export interface LossContext {
  /** The images that the model was given, [batch, height, width, channels]. */
  images: Tensor;
  /** [batch, classes] */
  logits: Tensor;
  /** [batch, d], the classifier's input. */
  features: Tensor;
  /** The last feature map. */
  tokens: Tensor;
  /** One-hot or soft targets, [batch, classes]. */
  targets: Tensor;
  /** Index of each image in the training set, int32 [batch]. */
  indices: Tensor;
}

/** What a training step gave, outside it. */
export interface Observation {
  /** Index of each image in the training set. */
  indices: Int32Array;
  /** [batch, d] of augmented images, in training mode, before the step's update. */
  features: NdArray;
  /** What the plugin's own `watch` gave of the step, by name. */
  values: Readonly<Record<string, NdArray>>;
}

/** Images of a data set, and what the model makes of them. */
export interface ReadableImages {
  /**
   * Features under the raw weights, in evaluation mode and without augmentation.
   *
   * @param indices which images; default all
   * @returns float32 [n, d]
   */
  features(indices?: Int32Array): Promise<NdArray>;
  /** The images without augmentation, in batches [n, height, width, channels]. Default all of them. */
  images(indices?: Int32Array): AsyncIterable<NdArray>;
  /** Class of every image. @throws KcrError where the task has none */
  labels: Int32Array;
}

/** What a refresh between epochs may read, of the training images; `epoch` is the one that comes next. */
export interface RefreshContext extends Progress, ReadableImages {
  /** The same of the validation images, where there are any. */
  validation?: ReadableImages;
}

/** What a plugin does. Every hook is optional. */
export interface PluginHooks {
  /** Reads or replaces a value of the forward pass, in training and in evaluation. */
  tap?(value: Tensor, info: TapInfo): Tensor;
  /** A differentiable scalar, added to the loss. */
  loss?(context: LossContext): Tensor;
  /**
   * Values of a training step that `observe` is given, by name, such as a mean over what a tap has seen. They are read after every
   * step, so they should be small.
   */
  watch?(context: LossContext): Record<string, Tensor>;
  /**
   * Called after each training step, and where an update is made of several batches after each of them. What it keeps until the next
   * refresh belongs into a `hostBuffer`; without one a run is not saved within an epoch.
   */
  observe?(observation: Observation): void;
  /**
   * Called before the first epoch and after every epoch, before checkpoints are written: a run that goes on
   * finds the buffers as they were left here.
   */
  refresh?(context: RefreshContext): Promise<void>;
  /** The channels to keep, by dimension, at the end of a search. */
  select?(): Promise<Kept>;
  /** Numbers for the log, after each epoch and the refresh that follows it. */
  metrics?(progress: Progress): Promise<Record<string, number>>;
  /**
   * Arrays to keep of each epoch, such as a search's logits: float32, finite, of the same names and shapes each time. They are drawn
   * as histograms over the epochs, and stand in `snapshots.safetensors` as [epochs, ...].
   */
  snapshot?(progress: Progress): Promise<Record<string, NdArray>>;
}

/** What a plugin says besides what it does. */
interface PluginFacts {
  /**
   * Its hooks run before (`pre`) or after (`post`) those of plugins that say nothing; within each group in the order in which the
   * plugins are given. So a tap marked `post` sees what the others made of the value.
   */
  readonly order?: PluginOrder;
  /** Which of its metrics are drawn over the epochs, by key. */
  readonly curves?: Readonly<Record<string, Curve>>;
  /** How its snapshots are drawn. */
  readonly snapshots?: Curve;
}

/** A regulariser, mask or measurement of a run: a function that attaches it, and what it says of itself. */
export interface Plugin extends Extension, PluginFacts {
  /** The plugin's own name, where it is attached under another. */
  readonly instanceOf?: string;
  /** What it was made with; a run resumes only with the same, as JSON. */
  readonly options?: unknown;
  setup(run: PluginRun): PluginHooks;
}

/** A plugin with options, as its author writes it. */
export interface PluginDefinition<O, I = O> extends Definition<O, I>, PluginFacts {
  /** What it does in a run, with options. */
  attach(options: O): (run: PluginRun) => PluginHooks;
}

/**
 * Defines a plugin with options.
 *
 * @example
 * export const l2 = definePlugin({
 *   name: 'l2-features',
 *   contract: 1,
 *   attach: ({ eta }: { eta: number }) => () => ({
 *     loss: ({ features }) => tf.mul(eta, tf.mean(tf.square(features))),
 *   }),
 * });
 */
export const definePlugin = <O, I = O>(definition: PluginDefinition<O, I>): Maker<I, Plugin> =>
  defineExtension('plugin', definition, (options) => {
    const { order, curves = {}, snapshots } = definition;
    return { order, curves, snapshots, setup: definition.attach(options) };
  });
