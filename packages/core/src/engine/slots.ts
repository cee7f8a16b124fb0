import type { NdArray } from '../ground/array.ts';
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
  assign(array: NdArray): void;
  read(): Promise<NdArray>;
}

/** An array in the engine's state. */
export const arraySlot = (engine: Engine, name: string): ArraySlot => ({
  get value() {
    return stepContext(name).state(name);
  },
  assign: (array) => engine.set({ [name]: array }),
  read: async () => (await engine.get([name]))[name] as NdArray,
});

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
