import { kindText, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { countNonFinite } from '../ground/finite.ts';
import type { Draw, Generator } from '../ground/random.ts';
import type { Tensor } from '../tensor/tf.ts';
import { drawing, type Engine, type StepContext, stepContext } from './engine.ts';

/** A value that a plugin uses inside steps and may change between them. */
export interface Slot {
  /** The tensor in the step that is being run or traced. @throws KcrError `SLOT_OUTSIDE_STEP` */
  readonly value: Tensor;
}

/** An array that stays the same within an epoch, or is trained. */
export interface ArraySlot extends Slot {
  /** @throws KcrError `SHAPE_MISMATCH` for another type or shape, `STATE_FINITE` */
  assign(array: NdArray): void;
  read(): Promise<NdArray>;
}

/** An array in the engine's state, of the type and shape of `initial`. */
export const arraySlot = (engine: Engine, name: string, initial: NdArray): ArraySlot => ({
  get value() {
    return stepContext(name).state(name);
  },
  assign(array) {
    checkAssigned(array, initial, name);
    engine.set({ [name]: array });
  },
  read: async () => (await engine.get([name]))[name] as NdArray,
});

/** Compiled steps are made for one type and shape, and nothing can be trained with values that are not finite. */
function checkAssigned(array: NdArray, initial: NdArray, where: string): void {
  if (kindText(array) !== kindText(initial))
    throw new KcrError('SHAPE_MISMATCH', {
      where,
      found: `${kindText(array)} for an array of ${kindText(initial)}`,
      fix: 'Assign an array of the type and shape that it was declared with',
    });
  const count = countNonFinite(array);
  if (count > 0)
    throw new KcrError('STATE_FINITE', {
      where,
      found: `${count} of ${array.data.length} values are NaN or infinite`,
      fix: 'Look at what the new values are computed from',
    });
}

/** A slot whose value is made once in each step, however often it is used there. */
export function oncePerStep(name: string, supply: (context: StepContext) => Tensor): Slot {
  const values = new WeakMap<StepContext, Tensor>();
  return {
    get value() {
      const context = stepContext(name);
      const value = values.get(context) ?? supply(context);
      values.set(context, value);
      return value;
    },
  };
}

/** A number that is given anew to every step. */
export const inputSlot = (name: string, next: () => number): Slot =>
  oncePerStep(name, (context) =>
    context.supply(name, [], 'float32', () => Float32Array.of(next())),
  );

/** Random numbers, drawn anew for every step. */
export const noiseSlot = (
  name: string,
  shape: readonly number[],
  draw: Draw,
  generator: () => Generator,
): Slot => oncePerStep(name, (context) => drawing(context, generator)(name, shape, draw));
