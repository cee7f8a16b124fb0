import { KcrError } from '../ground/error.ts';
import type { Draw } from '../ground/random.ts';
import type { Tensor } from '../tensor/tf.ts';
import { atPath } from '../trace/tracer.ts';
import type { Schedule } from './clock.ts';
import type { CostEntry } from './cost.ts';
import { type Axis, axisSize, type Dim, type DimOptions, makeDim } from './dim.ts';
import { type Initializer, zeros } from './initializer.ts';
import type { Resize } from './resize.ts';

/** A trained or tracked array of a model, under its timm name. */
export interface ParamSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly axes: readonly Axis[];
  readonly init: Initializer;
  /** Whether weight decay applies. Default: rank 2 and above. */
  readonly decay: boolean;
  /** False for running statistics. */
  readonly trainable: boolean;
  /** `int32` for counters. */
  readonly dtype: 'float32' | 'int32';
  /** How it is made from the one of a model of another size. */
  readonly resize?: Resize;
}

/** What may be said of a parameter besides its axes and its first values. */
export interface ParamOptions {
  /** Whether weight decay applies. Default: rank 2 and above. */
  decay?: boolean;
  /** How it is made from the one of a model of another size. */
  resize?: Resize;
}

/** Where the tokens of a value lie in a map, so that what is known of tokens can be drawn on images. */
export interface TokenLayout {
  readonly height: number;
  readonly width: number;
  /**
   * Row-major positions of one image's tokens, one after another (window after window, where the batch has
   * an entry for each); -1 for tokens that are on no position, such as the class token.
   */
  readonly positions: readonly number[];
}

/** What a tap tells of its value besides its dimension. */
export interface TapOptions {
  /** What the value is a linear function of, e.g. q of the normed tokens: [batch, n, axis]. */
  readonly from?: { readonly value: Tensor; readonly axis: Axis };
  /** Of the tokens that the value has. */
  readonly layout?: TokenLayout;
}

/** A value of the forward pass that adapters and plugins may read or replace. */
export interface TapInfo extends TapOptions {
  /** Path in the model, e.g. `blocks.3.mlp.hidden`. */
  readonly name: string;
  /** Last part of the name. */
  readonly role: string;
  /** The dimension of the value's last axis, if it has one. */
  readonly dim?: Dim;
  /** The scope's training flag. */
  readonly training: boolean;
}

/** What a scope stands on: either the build of a model, or one run of it. */
export interface Frame {
  readonly training: boolean;
  /** Processes whose images batch statistics are of. Default 1. */
  readonly processes?: number;
  kept(name: string): readonly number[] | undefined;
  dim(dim: Dim): void;
  param(spec: ParamSpec): Tensor;
  assign(name: string, value: Tensor): void;
  /** Whether a parameter or buffer stays as it is in this training. */
  frozen(name: string): boolean;
  /** @param at the scope that the tap is in */
  tap(value: Tensor, info: TapInfo, at: Scope): Tensor;
  cost(entry: CostEntry): void;
  /** @param path of a layer that tells classes apart */
  classifier?(path: string): void;
  draw(name: string, shape: readonly number[], draw: Draw): Tensor;
  schedule(name: string, next: Schedule): Tensor;
}

/**
 * What a model function writes itself on: named parameters, named dimensions and taps. The same calls
 * create the parameters when the model is built and read them when it runs.
 */
export class Scope {
  constructor(
    private readonly frame: Frame,
    readonly path = '',
  ) {}

  /** Whether this is a training step (drop path, batch statistics). */
  get training(): boolean {
    return this.frame.training;
  }

  /** Processes that train together and share statistics of the batch: 1 where each has those of its own images. */
  get processes(): number {
    return this.frame.processes ?? 1;
  }

  /** The scope `name` within this one. */
  child(name: string | number): Scope {
    return new Scope(this.frame, this.#at(String(name)));
  }

  /** The scope `name` of layers that evaluation does not read: their cost is not the model's. */
  trainingOnly(name: string): Scope {
    return new Scope({ ...this.frame, cost: () => {} }, this.#at(name));
  }

  /**
   * A named dimension.
   *
   * @param of its unpruned size, or the dimension it is a view of: the view names which of those
   *   channels are used here, and {@link take} and {@link put} go between the two
   * @throws KcrError `DIM_GROUPS`, `DIM_INDEX`, `SELECTION_MIN`
   */
  dim(name: string, of: number | Dim, options: DimOptions = {}): Dim {
    const path = this.#here(name);
    const full = typeof of === 'number' ? of : of.full;
    const base = typeof of === 'number' ? undefined : of;
    const kept = restrict(this.frame.kept(path), base);
    if (kept?.some((index) => !Number.isInteger(index) || index < 0 || index >= full))
      throw new KcrError('DIM_INDEX', {
        where: path,
        found: `kept channels outside 0..${full - 1}`,
        fix: 'Use a selection made for this model',
      });
    if (kept?.length === 0)
      throw new KcrError('SELECTION_MIN', {
        where: path,
        found: base ? `no channel that ${base.name} keeps too` : 'no channel kept',
        fix: 'Keep at least one',
      });
    const dim = makeDim(path, full, { kept, of: base, ...options });
    this.frame.dim(dim);
    return dim;
  }

  /** The dimension of another one's groups (attention heads): a channel for each group that is left. */
  groupsOf(name: string, dim: Dim): Dim {
    const kept = dim.groups < dim.fullGroups ? dim.groupIds : undefined;
    const groups = makeDim(this.#here(name), dim.fullGroups, { kept, prunable: false });
    this.frame.dim(groups);
    return groups;
  }

  /** A trained parameter whose axes carry `axes`. */
  param(
    name: string,
    axes: readonly Axis[],
    init: Initializer,
    { decay = axes.length > 1, resize }: ParamOptions = {},
  ) {
    return this.#array(name, axes, { init, decay, trainable: true, dtype: 'float32', resize });
  }

  /** A running statistic: saved with the model, not trained, set by {@link assign}. */
  buffer(name: string, axes: readonly Axis[], init: Initializer): Tensor {
    return this.#array(name, axes, { init, decay: false, trainable: false, dtype: 'float32' });
  }

  /** A whole number that is saved with the model and set by {@link assign}; it starts at 0. */
  counter(name: string): Tensor {
    return this.#array(name, [], { init: zeros, decay: false, trainable: false, dtype: 'int32' });
  }

  /** Whether a buffer of this scope stays as it is: layers then run as in evaluation, as far as they read it. */
  isFrozen(name: string): boolean {
    return this.frame.frozen(this.#at(name));
  }

  /** The next value of a buffer, in a training step; nothing where it is frozen. */
  assign(name: string, value: Tensor): void {
    if (!this.isFrozen(name)) this.frame.assign(this.#at(name), value);
  }

  /** Lets adapters and plugins read or replace `value`; `dim` names its last axis. */
  tap(name: string, value: Tensor, dim?: Dim, options: TapOptions = {}): Tensor {
    const info = { name: this.#here(name), role: name, dim, training: this.training, ...options };
    return this.frame.tap(value, info, this);
  }

  /** Reports multiply-accumulates to the model's cost list, which is made from a batch of one image. */
  cost(entry: Omit<CostEntry, 'name'>): void {
    atPath(this.path);
    this.frame.cost({ name: this.path, ...entry });
  }

  /**
   * Says that the layer in this scope tells the classes apart: weights of a model of other classes are taken without it, and it
   * is drawn anew. Gives this scope back.
   */
  classifier(): this {
    this.frame.classifier?.(this.path);
    return this;
  }

  /** Random numbers that are new in every step, from the run's seeded generator. */
  draw(name: string, shape: readonly number[], draw: Draw): Tensor {
    return this.frame.draw(this.#here(name), shape, draw);
  }

  /** A number that follows the run's progress (a temperature), in training steps. A scalar. */
  schedule(name: string, next: Schedule): Tensor {
    return this.frame.schedule(this.#here(name), next);
  }

  /** The path of something of this scope that is read or made now: what is computed next belongs near it. */
  #here(name: string): string {
    atPath(this.path);
    return this.#at(name);
  }

  #at(name: string): string {
    return this.path ? `${this.path}.${name}` : name;
  }

  #array(
    name: string,
    axes: readonly Axis[],
    options: Pick<ParamSpec, 'init' | 'decay' | 'trainable' | 'dtype' | 'resize'>,
  ) {
    const shape = axes.map(axisSize);
    return this.frame.param({ name: this.#here(name), shape, axes, ...options });
  }
}

/** A view sees at most what the dimension it looks at has kept. */
function restrict(kept: readonly number[] | undefined, base: Dim | undefined) {
  if (!base?.kept) return kept;
  if (!kept) return base.kept;
  const present = new Set(base.kept);
  return kept.filter((index) => present.has(index));
}
