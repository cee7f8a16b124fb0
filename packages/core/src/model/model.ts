import { type NdArray, shapeText, sizeOf } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { checkContract, type Extension, type ExtensionKind } from '../ground/extension.ts';
import { nonFinite } from '../ground/finite.ts';
import type { Draw, Generator } from '../ground/random.ts';
import { assertOwnTensor, type Tensor } from '../tensor/tf.ts';
import { kernelError, trace } from '../trace/tracer.ts';
import type { Adapter, AdapterTap } from './adapter.ts';
import type { Architecture } from './architecture.ts';
import { checkNeeds } from './check-extension.ts';
import type { Schedule } from './clock.ts';
import { type CostEntry, countMacs, type Macs } from './cost.ts';
import { Declarations } from './declarations.ts';
import type { Dim, Kept } from './dim.ts';
import type { FeatureInfo, ModelOutput } from './model-output.ts';
import { type Frame, type ParamSpec, Scope, type TapInfo } from './scope.ts';
import type { StateDict } from './state-dict.ts';
import { misfit, stateProblems } from './state-problems.ts';
import { unknownDim } from './unknown-dim.ts';

/** How one run of a model reads its state and is watched. */
export interface ApplyOptions {
  /** The tensor of a parameter or buffer. */
  state(name: string): Tensor;
  /** Training mode: drop path and batch statistics. Default false. */
  training?: boolean;
  /** Processes that run it together and share batch statistics in training mode. Default 1: this one has its own. */
  processes?: number;
  /** Random numbers for training mode. */
  draw?(name: string, shape: readonly number[], draw: Draw): Tensor;
  /** Numbers that follow a run's progress, for training mode. */
  schedule?(name: string, next: Schedule): Tensor;
  /** Reads or replaces a tapped value. */
  tap?(value: Tensor, info: TapInfo): Tensor;
  /** Receives the next value of a buffer. */
  assign?(name: string, value: Tensor): void;
  /** Whether a buffer stays as it is: a batch norm then normalises by its running statistics. Default: none does. */
  frozen?(name: string): boolean;
  /** What is known of the images, for the losses of models with a head. */
  targets?: Readonly<Record<string, Tensor>>;
}

/** A built model: everything that follows from its function, and no weights. */
export class Model<C extends object = object> {
  readonly params: readonly ParamSpec[];
  readonly dims: ReadonlyMap<string, Dim>;
  readonly taps: readonly TapInfo[];
  readonly costs: readonly CostEntry[];
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  /** Width of the classifier's input. */
  readonly featureSize: number;
  /** The maps that the model gives for dense prediction, from fine to coarse. */
  readonly featureMaps: readonly FeatureInfo[];
  /** Paths of the layers that tell the classes apart, also where there are no classes. */
  readonly classifiers: ReadonlySet<string>;
  /** Names of the parameters and buffers that adapters have added. */
  readonly adapterParams: ReadonlySet<string>;

  /**
   * @param kept channels that remain, by dimension; dimensions that are absent are whole
   * @param adapters layers added at taps, in order
   * @throws KcrError `SELECTION_DIM` for a dimension that the model does not have; `EXTENSION_CONTRACT` and `EXTENSION_NEEDS` of the
   *   architecture, its task and the adapters; `ADAPTER_DUPLICATE`; `DECLARED_TWICE`, `TAP_DIM`, `DIM_UNTAPPED` and `MODEL_LOGITS`
   *   for what its function does wrong
   */
  constructor(
    readonly architecture: Architecture<C>,
    readonly config: C,
    readonly kept: Kept = {},
    readonly adapters: readonly Adapter[] = [],
  ) {
    const parts = partsOf(architecture, adapters);
    for (const [kind, part] of parts) checkContract(kind, part);
    const { shape, classes } = architecture.input(config);
    this.inputShape = shape;
    this.classes = classes;
    const declared = new Declarations();
    const costs: CostEntry[] = [];
    const classifiers = new Set<string>();
    const adapterParams = new Set<string>();
    let featureSize = 0;
    let featureMaps: FeatureInfo[] = [];
    /** The adapter that acts now, by its place. */
    let acting: number | undefined;
    const adapterTaps = this.#adapterTaps();
    trace(({ input }) => {
      const frame: Frame = {
        training: false,
        kept: keptOf(kept),
        dim: (dim) => declared.dim(dim),
        param: (spec) => {
          declared.param(spec, acting === undefined ? undefined : adapters[acting]);
          if (acting !== undefined) adapterParams.add(spec.name);
          return input(spec.name, spec.shape, spec.dtype);
        },
        assign: () => {},
        frozen: () => false,
        tap: (value, { from, ...info }, at) => {
          declared.tap(info, value);
          // An adapter may tap values of its own.
          const outer = acting;
          const adapted = adapterTaps.reduce((current, tap, i) => {
            acting = i;
            return tap(at, current, { from, ...info });
          }, value);
          acting = outer;
          return adapted;
        },
        cost: (entry) => void costs.push(entry),
        classifier: (path) => void classifiers.add(path),
        draw: notInTraining,
        schedule: notInTraining,
      };
      const out = architecture.forward(new Scope(frame), input('image', [1, ...shape]), config);
      checkLogits(architecture, out, classes);
      featureSize = out.features.shape[1] as number;
      featureMaps = out.featureMaps.map(({ value, stride }) => {
        const [, height, width, channels] = value.shape as [number, number, number, number];
        return { stride, height, width, channels };
      });
      return { logits: out.logits };
    });
    const { params, dims, taps } = declared;
    for (const name of Object.keys(kept)) {
      if (!dims.has(name)) throw unknownDim(name, { architecture, dims });
    }
    declared.check();
    this.params = [...params.values()];
    this.dims = dims;
    this.taps = taps;
    this.costs = costs;
    this.featureSize = featureSize;
    this.featureMaps = featureMaps;
    this.classifiers = classifiers;
    this.adapterParams = adapterParams;
    for (const [kind, part] of parts) checkNeeds(kind, part, this);
  }

  /** Runs the model inside a step. `image` is [batch, height, width, channels], normalised. */
  apply(image: Tensor, options: ApplyOptions): ModelOutput {
    const adapt = this.#adapt();
    const frame: Frame = {
      training: options.training ?? false,
      processes: options.processes,
      kept: keptOf(this.kept),
      dim: () => {},
      param: (spec) => options.state(spec.name),
      assign: (name, value) => options.assign?.(name, value),
      frozen: (name) => options.frozen?.(name) ?? false,
      tap: (value, info, at) => {
        const adapted = adapt(value, info, at);
        return options.tap?.(adapted, info) ?? adapted;
      },
      cost: () => {},
      draw: options.draw ?? notInTraining,
      schedule: options.schedule ?? notInTraining,
    };
    return this.architecture.forward(new Scope(frame), image, this.config, options.targets);
  }

  /** What the adapters do at the taps of one run. */
  #adapt(): Frame['tap'] {
    const taps = this.#adapterTaps();
    return (value, info, at) => taps.reduce((current, tap) => tap(at, current, info), value);
  }

  /** What each adapter does at the taps of one run. */
  #adapterTaps(): AdapterTap[] {
    return this.adapters.map((adapter) => adapterTap(adapter, this.architecture));
  }

  /** Number of trained parameters. */
  get parameterCount(): number {
    return this.params.filter((p) => p.trainable).reduce((sum, p) => sum + sizeOf(p.shape), 0);
  }

  /** Multiply-accumulates for one image. */
  get macs(): Macs {
    return countMacs(this.costs);
  }

  /** First values of all parameters and buffers, or of those that are asked for; each has a stream of its own, named after it. */
  initialize(generator: Generator, asked: (name: string) => boolean = () => true): StateDict {
    const params = this.params.filter(({ name }) => asked(name));
    const entries = params.map(({ name, shape, init, dtype }): [string, NdArray] => {
      const data = init(generator.fork(name), shape);
      return [name, { dtype, shape, data: dtype === 'int32' ? Int32Array.from(data) : data }];
    });
    return Object.fromEntries(entries);
  }

  /**
   * Checks that `state` has this model's arrays, all of them at once, and that their values are finite.
   *
   * @param where the file it came from, for the message
   * @throws KcrError `STATE_DICT` with the first missing, unexpected and misshapen names, `STATE_FINITE`
   */
  checkState(state: StateDict, where: string): void {
    const names = new Set(this.params.map((p) => p.name));
    const missing = this.params.filter((p) => !Object.hasOwn(state, p.name)).map((p) => p.name);
    const unexpected = Object.keys(state).filter((name) => !names.has(name));
    const misshapen = this.params.flatMap((p) => {
      const found = Object.hasOwn(state, p.name) ? state[p.name] : undefined;
      return found ? (misfit(found, p) ?? []) : [];
    });
    const problems = stateProblems({ missing, unexpected, misshapen });
    if (problems) {
      const prefix = prefixOf(missing, unexpected);
      throw new KcrError('STATE_DICT', {
        where,
        found: problems,
        fix: prefix
          ? `Take "${prefix}" off the names in the file, which others are under`
          : `Use weights of ${this.architecture.name} with this configuration`,
      });
    }
    const found = nonFinite(state);
    if (found)
      throw new KcrError('STATE_FINITE', {
        where,
        found,
        fix: 'Use weights from before the training diverged, or fetch the file again',
      });
  }
}

/** @throws KcrError `MODEL_LOGITS` where classes are told apart by other logits than one for each */
function checkLogits(
  { name, task, backbone }: Pick<Architecture, 'name' | 'task' | 'backbone'>,
  { logits }: ModelOutput,
  classes: number,
): void {
  // Heads, and tasks without classes of images, have logits of their own kinds; a model of features alone has none.
  if (backbone || (task && !task.targets) || classes === 0) return;
  if (logits.shape.join() !== [1, classes].join())
    throw new KcrError('MODEL_LOGITS', {
      where: `${name}, forward()`,
      found: `logits of shape ${shapeText(logits.shape)} for one image and ${classes} classes`,
      fix: 'Give logits [batch, classes], with the classes that input() says',
    });
}

/** What an adapter does at taps, checked: errors name it, and it gives a tensor. @throws KcrError `TENSOR_EXPECTED` */
function adapterTap(adapter: Adapter, architecture: Architecture): AdapterTap {
  const tap = adapter.attach(architecture);
  return (m, value, info) => {
    const where = `adapter "${adapter.name}", tap ${info.name}`;
    let adapted: Tensor;
    try {
      adapted = tap(m, value, info);
    } catch (thrown) {
      const cause = kernelError(thrown);
      // A line of a file says nothing of whose it is.
      if (!(cause instanceof KcrError) || !/^(?!adapter ").*:\d+:\d+\)?$/.test(cause.where))
        throw cause;
      const { code, found, fix } = cause;
      throw new KcrError(code, { where: `${where}: ${cause.where}`, found, fix, cause });
    }
    assertOwnTensor(adapted, where);
    return adapted;
  };
}

/** A dimension may have the name of what every object has. */
const keptOf = (kept: Kept) => (name: string) =>
  Object.hasOwn(kept, name) ? kept[name] : undefined;

/** Stands for what only a training step is given. */
const notInTraining = (name: string): never => {
  throw new KcrError('DRAW_MISSING', {
    where: name,
    found: 'random numbers or a schedule are needed and were not given',
    fix: 'Pass `draw` and `schedule` to apply(), or run with training: false',
  });
};

/** What stands before each of the names that are missing, such as `module.`; nothing where there is no such text. */
function prefixOf([first, ...others]: string[], found: readonly string[]): string | undefined {
  if (first === undefined) return undefined;
  const prefixes = found.flatMap((name) =>
    name.endsWith(first) ? [name.slice(0, -first.length)] : [],
  );
  return prefixes.find((prefix) => others.every((name) => found.includes(prefix + name)));
}

/** The extensions that a model is made of. */
function partsOf(
  architecture: Architecture,
  adapters: readonly Adapter[],
): (readonly [ExtensionKind, Extension])[] {
  const { backbone, task } = architecture;
  return [
    [backbone ? 'head' : 'architecture', architecture],
    ...(backbone ? [['architecture', backbone] as const] : []),
    ...(task ? [['task', task] as const] : []),
    ...adapters.map((adapter) => ['adapter', adapter] as const),
  ];
}
