import type { NdArray } from './array.ts';
import type { Kept } from './dim.ts';
import { KcrError } from './error.ts';
import type { Model } from './model.ts';
import type { Generator } from './random.ts';
import type { Draw, Schedule, TapInfo } from './scope.ts';
import { assertOwnTensor, type Tensor } from './tf.ts';

/** The plugin interface that this version of core speaks. */
export const PLUGIN_API_VERSION = 1;

/** Where a run is; epochs and steps count from 0. */
export interface Progress {
  epoch: number;
  epochs: number;
  /** Steps that this optimiser has taken since the start of the run. */
  step: number;
}

/** A value that a plugin uses inside steps and may change between them. */
export interface Slot {
  /** The tensor in the step that is being run or traced. @throws KcrError `SLOT_OUTSIDE_STEP` */
  readonly value: Tensor;
}

/** An array that stays the same within an epoch, or is trained. */
export interface ArraySlot extends Slot {
  assign(array: NdArray): void;
  read(): Promise<NdArray>;
}

/** What a plugin is attached to, and how it declares what changes while the run goes on. */
export interface PluginRun {
  readonly model: Model;
  /** `search` where architecture parameters are trained on data of their own. */
  readonly stage: 'fit' | 'search';
  readonly epochs: number;
  /** Number of training images. */
  readonly samples: number;
  /** A stream of random numbers of this plugin's own. */
  readonly generator: Generator;
  /** An array that never changes, such as a teacher's weights. Not saved in checkpoints. */
  constant(name: string, value: NdArray): Slot;
  /** An array that changes between epochs. Saved in checkpoints. */
  buffer(name: string, initial: NdArray): ArraySlot;
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
}

/** What a refresh between epochs may read; `epoch` is the one that comes next. */
export interface RefreshContext extends Progress {
  /**
   * Features of training images under the raw weights, in evaluation mode and without augmentation.
   *
   * @param indices which images; default all
   * @returns float32 [n, d]
   */
  features(indices?: Int32Array): Promise<NdArray>;
  /** Training images without augmentation, in batches [n, height, width, channels]. Default all of them. */
  images(indices?: Int32Array): AsyncIterable<NdArray>;
  /** Class of every training image. */
  labels: Int32Array;
}

/** What a plugin does. Every hook is optional. */
export interface PluginHooks {
  /** Reads or replaces a value of the forward pass, in training and in evaluation. */
  tap?(value: Tensor, info: TapInfo): Tensor;
  /** A differentiable scalar, added to the loss. */
  loss?(context: LossContext): Tensor;
  /** Called after each training step. */
  observe?(observation: Observation): void;
  /**
   * Called before the first epoch and after every epoch, before checkpoints are written: a run that goes on
   * from one finds the buffers as they were left here.
   */
  refresh?(context: RefreshContext): Promise<void>;
  /** The channels to keep, by dimension, at the end of a search. */
  select?(): Promise<Kept>;
  /** Numbers for the log, after each epoch and the refresh that follows it. */
  metrics?(progress: Progress): Promise<Record<string, number>>;
}

/** A regulariser, mask or criterion: a name, an interface version and a function that attaches it. */
export interface Plugin {
  readonly name: string;
  readonly apiVersion: number;
  /** What it was made with; a run resumes only with the same, as JSON. */
  readonly options?: unknown;
  setup(run: PluginRun): PluginHooks;
}

/**
 * Defines a plugin with options.
 *
 * @example
 * export const l2 = definePlugin('l2-features', ({ eta }: { eta: number }) => () => ({
 *   loss: ({ features }) => tf.mul(eta, tf.mean(tf.square(features))),
 * }));
 */
export const definePlugin =
  <O>(name: string, attach: (options: O) => (run: PluginRun) => PluginHooks) =>
  (options: O): Plugin => ({
    name,
    apiVersion: PLUGIN_API_VERSION,
    options,
    setup: attach(options),
  });

/**
 * A regulariser's weight that is 0 for the first epochs.
 *
 * @param plugin its name, for messages
 * @param warmup share of the epochs, 0 to 1
 * @returns the first epoch with the weight, and the input `eta`
 * @throws KcrError `OPTION`
 */
export function weightAfterWarmup(run: PluginRun, plugin: string, eta: number, warmup: number) {
  if (!(warmup >= 0 && warmup <= 1))
    throw new KcrError('OPTION', {
      where: `${plugin}, warmup`,
      found: String(warmup),
      fix: 'Give the share of the epochs without the regulariser, 0 to 1',
    });
  const starts = Math.round(warmup * run.epochs);
  return { starts, weight: run.input('eta', ({ epoch }) => (epoch < starts ? 0 : eta)) };
}

const HOOKS = ['tap', 'loss', 'observe', 'refresh', 'select', 'metrics'];

/**
 * Checks plugins before a run: their interface version and that no name is used twice.
 *
 * @throws KcrError `PLUGIN_INVALID`, `PLUGIN_API_VERSION`, `PLUGIN_DUPLICATE`
 */
export function checkPlugins(plugins: readonly Plugin[]): void {
  const names = new Set<string>();
  for (const plugin of plugins) {
    const where = `plugin "${plugin?.name ?? 'without a name'}"`;
    if (typeof plugin?.name !== 'string' || typeof plugin.setup !== 'function')
      throw new KcrError('PLUGIN_INVALID', {
        where,
        found: 'no `name` or no `setup` function',
        fix: 'Make plugins with definePlugin(), and call the plugin with its options',
      });
    if (plugin.apiVersion !== PLUGIN_API_VERSION)
      throw new KcrError('PLUGIN_API_VERSION', {
        where,
        found: `plugin interface version ${plugin.apiVersion}; this @kcr/core speaks ${PLUGIN_API_VERSION}`,
        fix: 'Install a version of the plugin made for this @kcr/core',
      });
    if (names.has(plugin.name))
      throw new KcrError('PLUGIN_DUPLICATE', {
        where,
        found: 'attached twice',
        fix: 'Attach it once',
      });
    names.add(plugin.name);
  }
}

/** Attaches one plugin and guards what its hooks return. @throws KcrError `PLUGIN_HOOK` */
export function attachPlugin(plugin: Plugin, run: PluginRun): PluginHooks {
  const hooks = plugin.setup(run);
  const where = `plugin "${plugin.name}"`;
  const unknown = Object.keys(hooks).filter((hook) => !HOOKS.includes(hook));
  if (unknown.length > 0)
    throw new KcrError('PLUGIN_HOOK', {
      where,
      found: `unknown hook ${unknown.join(', ')}`,
      fix: `Use ${HOOKS.join(', ')}`,
    });
  const guarded: PluginHooks = { ...hooks };
  if (hooks.tap)
    guarded.tap = (value, info) => {
      const result = hooks.tap!(value, info);
      assertOwnTensor(result, `${where}, tap ${info.name}`);
      return result;
    };
  if (hooks.loss)
    guarded.loss = (context) => {
      const result = hooks.loss!(context);
      assertOwnTensor(result, `${where}, loss`);
      return result;
    };
  return guarded;
}
