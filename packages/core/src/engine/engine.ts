import { type DataType, type NdArray, sizeOf } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { Draw, Generator } from '../ground/random.ts';
import type { Tensor } from '../tensor/tf.ts';
import { withoutChance } from '../trace/step-guard.ts';
import type { Communicator } from './communicator.ts';

/** What a step may read while it runs or is traced. */
export interface StepContext {
  /** The inputs that the step was called with. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** The current value of an array in the engine's state. @throws KcrError `STATE_MISSING` */
  state(name: string): Tensor;
  /**
   * An input that the step brings along: `next` is called before every run, in the order in which the
   * step asked, on every engine. This is how schedules and random numbers reach a compiled step.
   */
  supply(
    name: string,
    shape: readonly number[],
    dtype: DataType,
    next: () => NdArray['data'],
  ): Tensor;
}

/** What a step computes. */
export interface StepResult {
  /** Values to give back to the caller. */
  outputs: Record<string, Tensor>;
  /** New values of arrays in the state, taking effect together after the step. */
  updates?: Record<string, Tensor>;
  /**
   * Name of the output that gradients are taken of, where values on the way to it shall be computed again for them instead of kept: less
   * memory for more time. An engine that computes step by step does not.
   */
  recompute?: string;
  /** The processes that run the step together, where its ops exchange values between them. All run the same steps in the same order. */
  communicator?: Communicator;
}

/** A step, written in TensorFlow.js ops. It must not read values or draw random numbers itself. */
export type StepFunction = (context: StepContext) => StepResult;

/** Memory that a step takes besides the arrays of the state, in bytes. */
export interface StepMemory {
  /** Inputs, outputs, constants, and what lies between them at the most. The engine keeps it for the next run. */
  readonly run: number;
  /** What is there once for all steps of an engine, by name, such as new values of the state beside the old ones. */
  readonly shared: Readonly<Record<string, number>>;
}

/**
 * A compiled step. Input shapes may change from call to call; each new one costs a compilation. What it holds
 * is freed by `dispose()`, or at the end of the scope of an `await using`.
 */
export interface CompiledStep extends AsyncDisposable {
  (inputs?: Readonly<Record<string, NdArray>>): Promise<Record<string, NdArray>>;
  /**
   * The memory that a run with such inputs takes, known before any. Absent where the engine cannot say.
   *
   * @param inputs their types and shapes
   */
  memory?(inputs?: Readonly<Record<string, Omit<NdArray, 'data'>>>): Promise<StepMemory>;
  dispose(): Promise<void>;
}

/** What is done to arrays of the state by name, in their data; they may not be used afterwards. */
export type StateChange = (arrays: Readonly<Record<string, NdArray>>) => Promise<void>;

/**
 * Holds state and runs steps over it. All steps of one engine share the state without copies. It is freed with
 * its steps by `dispose()`, or at the end of the scope of an `await using`.
 */
export interface Engine extends AsyncDisposable {
  /** E.g. `onnx-cpu` or `eager-wasm`. */
  readonly name: string;
  /** Sets arrays of the state, replacing those of the same name. */
  set(arrays: Readonly<Record<string, NdArray>>): void;
  /** Reads arrays of the state. @throws KcrError `STATE_MISSING` */
  get(names: readonly string[]): Promise<Record<string, NdArray>>;
  /**
   * Changes arrays of the state in place: what `change` leaves in their data is kept. Where the state is the host's, they are the engine's own and
   * nothing is copied.
   *
   * @throws KcrError `STATE_MISSING`
   */
  revise(names: readonly string[], change: StateChange): Promise<void>;
  /** Names in the state. */
  names(): string[];
  delete(names: readonly string[]): void;
  compile(name: string, step: StepFunction): CompiledStep;
  dispose(): Promise<void>;
}

let current: StepContext | undefined;

/**
 * Runs a step function; while it runs, {@link stepContext} gives its context. Engines call steps by it.
 *
 * @throws KcrError `STEP_CHANCE`
 */
export function runStep(step: StepFunction, context: StepContext): StepResult {
  const outer = current;
  current = context;
  try {
    return withoutChance(() => step(context));
  } finally {
    current = outer;
  }
}

/** The context of the step that is being run or traced. @throws KcrError `SLOT_OUTSIDE_STEP` */
export function stepContext(where: string): StepContext {
  if (current) return current;
  throw new KcrError('SLOT_OUTSIDE_STEP', {
    where,
    found: 'its value was used outside a step',
    fix: 'Use `value` in tap() and loss() only; use read() and assign() between epochs',
  });
}

/** Random numbers in a step, drawn before each run from the generator of that time. */
export const drawing =
  (context: StepContext, generator: () => Generator) =>
  (name: string, shape: readonly number[], draw: Draw): Tensor =>
    context.supply(name, shape, 'float32', () => generator().array(sizeOf(shape), draw));

/** The error of an engine asked for an array it does not hold. */
export const missingState = (name: string) =>
  new KcrError('STATE_MISSING', {
    where: name,
    found: 'no array of that name in the engine',
    fix: 'Set it with engine.set() before the step runs',
  });
