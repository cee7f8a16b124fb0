import { shapeText } from '../ground/array.ts';
import { type Node, uniformOf, type Value } from './graph.ts';

type Unary = Readonly<Record<'x', Value>>;

type Binary = Readonly<Record<'a' | 'b', Value>>;

/** Whether broadcasting `shape` with `other` gives `shape` again. */
const covers = (shape: readonly number[], other: readonly number[]) =>
  other.length <= shape.length &&
  other.every((n, i) => n === 1 || n === shape[shape.length - other.length + i]);

/** `kept`, where `other` is that number everywhere and changes nothing of it. */
const unlessNeutral = (kept: Value, other: Value, neutral: number): Value | undefined =>
  kept.dtype === 'float32' && uniformOf(other) === neutral && covers(kept.shape, other.shape)
    ? kept
    : undefined;

/** By kernel, one of its inputs where the call gives that one back. */
const rules: Readonly<Record<string, (inputs: never, attrs: never) => Value | undefined>> = {
  Identity: ({ x }: Unary) => x,
  Cast: ({ x }: Unary, { dtype }: { dtype: string }) => (x.dtype === dtype ? x : undefined),
  Reshape: ({ x }: Unary, { shape }: { shape: readonly number[] }) =>
    shapeText(shape) === shapeText(x.shape) ? x : undefined,
  Transpose: ({ x }: Unary, { perm }: { perm: readonly number[] }) =>
    perm.every((axis, i) => axis === i) ? x : undefined,
  Multiply: ({ a, b }: Binary) => unlessNeutral(a, b, 1) ?? unlessNeutral(b, a, 1),
  Add: ({ a, b }: Binary) => unlessNeutral(a, b, 0) ?? unlessNeutral(b, a, 0),
  RealDiv: ({ a, b }: Binary) => unlessNeutral(a, b, 1),
  Sub: ({ a, b }: Binary) => unlessNeutral(a, b, 0),
};

/** The value that a kernel call is equal to without computing anything, if there is one. */
export const simplify = ({ kernel, inputs, attrs }: Omit<Node, 'outputs'>): Value | undefined =>
  rules[kernel]?.(inputs as never, attrs as never);
