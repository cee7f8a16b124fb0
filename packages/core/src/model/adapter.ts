import {
  type Definition,
  defineExtension,
  type Extension,
  type Maker,
} from '../ground/extension.ts';
import type { Tensor } from '../tensor/tf.ts';
import type { Architecture } from './architecture.ts';
import type { Scope, TapInfo } from './scope.ts';

/**
 * What an adapter does at a tap. It may make parameters, dimensions and costs in the scope of the tap, as
 * layers do; it gives `value` back where it has nothing to do.
 */
export type AdapterTap = (m: Scope, value: Tensor, info: TapInfo) => Tensor;

/**
 * Layers that are added to any model at its taps (a mask of q and k, a low-rank update). Unlike a plugin
 * it is a part of the model: trained, counted, pruned, saved and exported with it.
 */
export interface Adapter extends Extension {
  /** Name within its module's `adapters`. */
  readonly name: string;
  /** The package that exports it, so that a saved model can find it. */
  readonly module: string;
  /** What it was made with, as JSON. */
  readonly options: object;
  /** Called for each run of the model, so that taps of one run can share values. */
  attach(architecture: Architecture): AdapterTap;
}

/** An adapter with options, as its author writes it. */
export interface AdapterDefinition<O, I = O> extends Definition<O, I> {
  /** Name within its module's `adapters`. */
  readonly name: string;
  /** The package that exports it, so that a saved model can find it. */
  readonly module: string;
  /** What it does with options. */
  attach(options: O): Adapter['attach'];
}

/**
 * Defines an adapter with options.
 *
 * @example
 * export const gain = defineAdapter({
 *   name: 'gain',
 *   module: 'my-package',
 *   contract: 1,
 *   attach: ({ role }: { role: string }) => () => (m, value, info) =>
 *     info.role === role && info.dim
 *       ? tf.mul(value, m.child('gain').param(role, [info.dim], ones))
 *       : value,
 * });
 */
export const defineAdapter = <O extends object, I extends object = O>(
  definition: AdapterDefinition<O, I>,
): Maker<I, Adapter> =>
  defineExtension('adapter', definition, (options) => ({
    module: definition.module,
    attach: definition.attach(options),
  }));

/** What a file says of an adapter. */
export const describeAdapter = ({ module, name, options }: Adapter) => ({ module, name, options });
