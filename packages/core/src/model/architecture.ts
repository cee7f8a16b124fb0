import type { Extension } from '../ground/extension.ts';
import type { Tensor } from '../tensor/tf.ts';
import type { FeatureMap, ModelOutput } from './model-output.ts';
import type { Scope } from './scope.ts';
import type { StateDict, StateMapping } from './state-dict.ts';
import type { Task } from './task.ts';

/** What timm's functions that make an architecture's models take. */
export interface TimmForm<C extends object = object> {
  /** Options that are arguments of theirs. */
  readonly args: readonly string[];
  /** What a configuration has that they cannot load, in words; nothing where they can. */
  cannot?(config: C): string | undefined;
}

/** A family of models: one function of a scope, and what it needs to be found and built again. */
export interface Architecture<C extends object = object> extends Extension {
  /** Name within its module, e.g. `vit`. */
  readonly name: string;
  /** The package that exports it, so that a saved model can find it. */
  readonly module: string;
  /** Whether tokens are a set (any may be dropped) or a grid. */
  readonly tokens: 'set' | 'grid';
  /** Fills in defaults and checks. @throws KcrError `MODEL_CONFIG` */
  configure(config: Partial<C>): C;
  /** [height, width, channels] of one image, and the number of classes. */
  input(config: C): { shape: readonly [number, number, number]; classes: number };
  /** Other names that published weights have. */
  readonly mappings?: readonly StateMapping[];
  /** What the arrays of a file say of the options of the model that they are of; where they leave several, those of `config`. */
  optionsOf?(state: StateDict, config: C): Partial<C>;
  /** How timm has these models; absent where it has none. */
  readonly timm?: TimmForm<C>;
  /** What it is trained for. Default: `classification`. */
  readonly task?: Task;
  /** The architecture that a head for dense prediction stands on. */
  readonly backbone?: Architecture;
  /**
   * The model.
   *
   * @param image [batch, height, width, channels], normalised
   * @param targets what is known of a training batch, for models that compute their loss themselves
   */
  forward(
    m: Scope,
    image: Tensor,
    config: C,
    targets?: Readonly<Record<string, Tensor>>,
  ): ModelOutput;
  /** The model without its classifier, for dense prediction: the stages' maps from fine to coarse. */
  stages?(m: Scope, image: Tensor, config: C): FeatureMap[];
}
