import type { Generator } from './random.ts';

/** Whether a value from outside is a state that {@link Generator} can have. */
export const isGeneratorState = (value: unknown): value is readonly number[] =>
  Array.isArray(value) &&
  value.length === 4 &&
  value.every((part) => Number.isInteger(part) && part === (part | 0)) &&
  value.some((part) => part !== 0);
