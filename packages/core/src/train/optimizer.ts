import {
  type Definition,
  defineExtension,
  type Extension,
  type Maker,
} from '../ground/extension.ts';
import type { Tensor } from '../tensor/tf.ts';

/** A parameter in a step of an optimiser. All its arrays have one shape. */
export interface OptimizedParameter<Slot extends string = string> {
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** What the optimiser has kept of it, by slot; zeros before the first step. */
  readonly state: Readonly<Record<Slot, Tensor>>;
  /** Whether weight decay applies. */
  readonly decay: boolean;
  /** Factor of the learning rate. */
  readonly rate: number;
}

/** What an update makes of a parameter. */
export interface UpdatedParameter<Slot extends string = string> {
  readonly value: Tensor;
  readonly state: Readonly<Record<Slot, Tensor>>;
}

/**
 * How parameters are updated by their gradients: pure functions in the spirit of optax. All arrays live in the engine; the
 * optimiser itself keeps nothing, so one can serve any number of runs.
 */
export interface Optimizer<Slot extends string = string, Numbers extends string = string>
  extends Extension {
  /** What it was made with; a run resumes only with the same, as JSON. */
  readonly options?: object;
  /** Names of the arrays that it keeps of each parameter. Saved in checkpoints. */
  readonly slots: readonly Slot[];
  /**
   * What a step needs anew, computed outside the step in float64. Always of the same names.
   *
   * @param t the step's number, from 1
   * @param lr its learning rate
   */
  numbers(t: number, lr: number): Readonly<Record<Numbers, number>>;
  /**
   * One update of all parameters that a step trains, in TensorFlow.js ops.
   *
   * @param numbers what `numbers` gave, as scalars
   * @returns what each becomes, in their order
   */
  update(
    parameters: readonly OptimizedParameter<Slot>[],
    numbers: Readonly<Record<Numbers, Tensor>>,
  ): readonly UpdatedParameter<Slot>[];
}

/** What an optimiser is made of, besides what every extension says. */
type Parts<Slot extends string, Numbers extends string> = Pick<
  Optimizer<Slot, Numbers>,
  'slots' | 'numbers' | 'update'
> &
  Partial<Pick<Optimizer, 'options'>>;

/** An optimiser with options, as its author writes it. */
export interface OptimizerDefinition<O, Slot extends string, Numbers extends string, I = O>
  extends Definition<O, I> {
  /** The optimiser with options; it may say them in full, with the defaults, for the run to be known by. */
  make(options: O): Parts<Slot, Numbers>;
}

/**
 * Defines an optimiser with options.
 *
 * @example
 * export const signSgd = defineOptimizer<object, never, 'lr'>({
 *   name: 'sign-sgd',
 *   contract: 1,
 *   make: () => ({
 *     slots: [],
 *     numbers: (_, lr) => ({ lr }),
 *     update: (parameters, { lr }) =>
 *       parameters.map(({ value, gradient, rate }) => ({
 *         value: tf.sub(value, tf.mul(tf.sign(gradient), tf.mul(lr, rate))),
 *         state: {},
 *       })),
 *   }),
 * });
 */
export const defineOptimizer = <
  O extends object,
  Slot extends string,
  Numbers extends string,
  I extends object = O,
>(
  definition: OptimizerDefinition<O, Slot, Numbers, I>,
): Maker<I, Optimizer<Slot, Numbers>> =>
  defineExtension('optimizer', definition, (options) => definition.make(options));
