import { shapeText, type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import type { KernelLowering } from './lowering.ts';

export const hasShape = (value: Value, shape: readonly number[]): boolean =>
  shapeText(value.shape) === shapeText(shape);

/** Whether a value takes part in an element by element op over `out` in any layout that `out` has. */
const fitsBlocks = (b: OnnxBuilder, value: Value, out: Value) =>
  b.isNumber(value) ||
  (hasShape(value, out.shape)
    ? b.canBlock(value)
    : value.shape.length === 4 && value.shape.slice(1).every((n) => n === 1));

/**
 * Whether an element by element op should run in blocked layout: it can, and one of its maps is there in no
 * other.
 */
export const prefersBlocks = (b: OnnxBuilder, inputs: readonly Value[], out: Value): boolean =>
  b.canBlock(out) &&
  inputs.some((value) => b.isBlocked(value)) &&
  inputs.every((value) => fitsBlocks(b, value, out));

/**
 * Writes an op of maps of one shape, in the layout that they have.
 *
 * @param write gets the ONNX names of the maps
 */
export function elementwise<I extends string>(
  b: OnnxBuilder,
  inputs: Readonly<Record<I, Value>>,
  out: Value,
  write: (names: Record<I, string>) => string,
): string | undefined {
  const entries = Object.entries<Value>(inputs);
  const values = entries.map(([, value]) => value);
  const inBlocks = prefersBlocks(b, values, out);
  const names = entries.map(([key, value]) => [key, inBlocks ? b.blocked(value) : b.get(value)]);
  const name = write(Object.fromEntries(names) as Record<I, string>);
  if (!inBlocks) return name;
  b.bindBlocked(out, name);
  return undefined;
}

/** An ONNX op of one map. */
export const unary =
  (op: string): KernelLowering =>
  (b, { x }, _, [out]) =>
    elementwise(b, { x }, out, (names) => b.node(op, [names.x]));

/**
 * The shape without its last axes of 1, for an op with a scalar: over those, ONNX Runtime goes element by
 * element.
 */
function flatShape(b: OnnxBuilder, a: Value, c: Value, out: Value) {
  const { shape } = out;
  const scalar = a.shape.length === 0 || c.shape.length === 0;
  const full = [a, c].some((v) => v.shape.length > 0 && hasShape(v, shape) && !v.constant);
  const dynamic = b.dynamicShape(out).includes(undefined);
  if (!scalar || !full || dynamic || shape.at(-1) !== 1) return undefined;
  return shape.slice(0, shape.findLastIndex((n) => n > 1) + 1);
}

/**
 * A binary op by ONNX' broadcasting. Operands that are smaller than their shape says (scalars that stand
 * for full constants) stay small where the other operand has the output's shape.
 */
export const binary =
  (op: string): KernelLowering<'a' | 'b'> =>
  (b, { a, b: c }, _, [out]) => {
    if (prefersBlocks(b, [a, c], out)) {
      const names = [a, c].map((v) => (b.canBlock(v) ? b.blocked(v) : b.broadcastable(v)));
      b.bindBlocked(out, b.node(op, names));
      return undefined;
    }
    const flat = flatShape(b, a, c, out);
    if (flat) {
      const names = [a, c].map((v) =>
        v.shape.length === 0 ? b.get(v) : b.reshape(b.get(v), flat),
      );
      return b.reshape(b.node(op, names), out.shape);
    }
    const smallA = b.isLazy(a);
    const smallB = b.isLazy(c);
    const fullA = !smallA && hasShape(a, out.shape);
    const fullB = !smallB && hasShape(c, out.shape);
    const name = b.node(op, [b.broadcastable(a), b.broadcastable(c)]);
    // Without a full operand the result is itself smaller than its shape, and stays so until needed.
    const lazy = !fullA && !fullB && (smallA || smallB);
    const held = b.isNumber(a) && b.isNumber(c) ? 'number' : 'part';
    if (lazy) b.bind(out, name, held);
    return name;
  };
