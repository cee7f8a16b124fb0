import type { DataType } from '../ground/array.ts';
import { shapeText } from '../ground/array.ts';
import { authorLine } from '../ground/author-line.ts';
import { KcrError } from '../ground/error.ts';
import { tf } from '../tensor/tf.ts';

/** Data that is meant to be part of steps: see `constant`. */
const declared = new WeakSet<object>();

/** Marks host data as meant to be part of a step. */
export const declare = (data: object): void => void declared.add(data);

/** Whether host data may be part of a step: it is the same number everywhere, or was declared. */
export const isFixed = (data: ArrayLike<unknown> & object): boolean => {
  if (declared.has(data)) return true;
  for (let i = 1; i < data.length; i++) if (data[i] !== data[0]) return false;
  return true;
};

/** The author's line that an error of a step is about. */
export const place = (error?: unknown): string => authorLine(error) ?? 'a traced function';

/** The error of a step with a varying constant that nobody declared. */
export const undeclaredConstant = (shape: readonly number[], dtype: DataType): KcrError =>
  new KcrError('TRACE_UNDECLARED_CONSTANT', {
    where: place(),
    found: `a ${dtype} constant of shape ${shapeText(shape)} with varying values; a random draw would be the same in every step`,
    fix: 'Draw random numbers as a step input (scope.draw), or wrap fixed values in constant()',
  });

/** The error of a step that reads a value. */
export const valueRead = (): KcrError =>
  new KcrError('TRACE_READ', {
    where: place(),
    found: 'the value of a tensor was read inside a step',
    fix: 'Return it as an output of the step and read it there',
  });

const askedChance = (what: string): KcrError =>
  new KcrError('STEP_CHANCE', {
    where: place(),
    found: `${what} inside a step, which is asked once where the step is compiled, and never again`,
    fix: 'Declare random numbers (run.noise, scope.draw) and numbers that change (run.input, scope.schedule)',
  });

/** What is refused while a step goes on: chance and clocks of JavaScript, and, of steps that compute, reads and constants. */
interface Refused {
  readonly chance: boolean;
  readonly values: boolean;
}

const NOTHING: Refused = { chance: false, values: false };
let refused = NOTHING;

function within<T>(refuse: Refused, run: () => T): T {
  const outer = refused;
  refused = refuse;
  try {
    return run();
  } finally {
    refused = outer;
  }
}

/** Runs something of the machinery inside a step, to which the step's rules do not apply. */
export const unguarded = <T>(run: () => T): T => within(NOTHING, run);

/**
 * Runs a step, in which `Math.random` and `Date.now` are refused, since a compiled step would never ask them again.
 *
 * @throws KcrError `STEP_CHANCE`
 */
export function withoutChance<T>(run: () => T): T {
  const { random } = Math;
  const { now } = Date;
  const instead = (what: string, given: () => number) => () => {
    if (refused.chance) throw askedChance(what);
    return given();
  };
  Math.random = instead('Math.random()', random);
  Date.now = instead('Date.now()', now);
  try {
    return within({ ...refused, chance: true }, run);
  } finally {
    Math.random = random;
    Date.now = now;
  }
}

let watching = false;

/**
 * Lets TensorFlow.js ask before it reads a value or takes one from the host. What a backend does within a kernel is its own:
 * that of tfjs-node makes tensors of shapes, axes and permutations there.
 */
function watchValues(): void {
  if (watching) return;
  watching = true;
  const engine = tf.engine();
  const { read, readSync, makeTensor, runKernel } = engine;
  engine.read = (id) => {
    if (refused.values) throw valueRead();
    return read.call(engine, id);
  };
  engine.readSync = (id) => {
    if (refused.values) throw valueRead();
    return readSync.call(engine, id);
  };
  engine.makeTensor = (values, shape, dtype, backend) => {
    if (refused.values && typeof values !== 'string' && !isFixed(values))
      throw undeclaredConstant(shape, (dtype ?? 'float32') as DataType);
    return makeTensor.call(engine, values, shape, dtype, backend);
  };
  engine.runKernel = <T extends tf.Tensor | tf.Tensor[]>(
    ...call: Parameters<typeof engine.runKernel>
  ): T =>
    within({ ...refused, values: false }, () => runKernel.apply(engine, call) as unknown as T);
}

/**
 * Runs a step that computes, op by op, by the rules of one that is traced.
 *
 * @throws KcrError `TRACE_READ`, `TRACE_UNDECLARED_CONSTANT`
 */
export function withoutValues<T>(run: () => T): T {
  watchValues();
  return within({ ...refused, values: true }, run);
}
