import type { NdArray } from '../array.ts';
import { drawing, type Engine, type StepContext, stepContext } from '../engine.ts';
import type { ArraySlot, Progress, Slot } from '../plugin.ts';
import type { Generator } from '../random.ts';
import type { Draw, Schedule } from '../scope.ts';
import type { Tensor } from '../tf.ts';

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
export const inputSlot = (name: string, progress: Progress, next: Schedule): Slot =>
  oncePerStep(name, (context) =>
    context.supply(name, [], 'float32', () => Float32Array.of(next(progress))),
  );

/** Random numbers, drawn anew for every step. */
export const noiseSlot = (
  name: string,
  shape: readonly number[],
  draw: Draw,
  generator: () => Generator,
): Slot => oncePerStep(name, (context) => drawing(context, generator)(name, shape, draw));
