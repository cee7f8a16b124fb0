import { shapeText, type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import type { Lowering } from './lowering.ts';

/** Whether a value takes part in an element by element op over `out` in any layout that `out` has. */
const fitsBlocks = (b: OnnxBuilder, value: Value, out: Value) =>
  b.isLazy(value) ||
  (shapeText(value.shape) === shapeText(out.shape)
    ? b.canBlock(value)
    : value.shape.length === 0 ||
      (value.shape.length === 4 && value.shape.slice(1).every((n) => n === 1)));

/**
 * Whether an element by element op should run in blocked layout: it can, and one of its maps is there in no
 * other.
 */
export const prefersBlocks = (b: OnnxBuilder, inputs: readonly Value[], out: Value): boolean =>
  b.canBlock(out) &&
  inputs.some((value) => b.isBlocked(value)) &&
  inputs.every((value) => fitsBlocks(b, value, out));

/** An op of maps of one shape, in the layout that they have. */
export const elementwise =
  (write: (b: OnnxBuilder, names: Record<string, string>) => string): Lowering =>
  (b, { inputs, outputs }) => {
    const [out] = outputs as [Value];
    const inBlocks = prefersBlocks(b, Object.values(inputs), out);
    const entries = Object.entries(inputs).map(([key, value]) => [
      key,
      inBlocks ? b.blocked(value) : b.get(value),
    ]);
    const name = write(b, Object.fromEntries(entries));
    if (!inBlocks) return [name];
    b.bindBlocked(out, name);
    return [];
  };
