import { type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import type { KernelLowering } from './lowering.ts';
/**
 * Whether an element by element op should run in blocked layout: it can, and one of its maps is there in no
 * other.
 */
export declare const prefersBlocks: (b: OnnxBuilder, inputs: readonly Value[], out: Value) => boolean;
/**
 * Writes an op of maps of one shape, in the layout that they have.
 *
 * @param write gets the ONNX names of the maps
 */
export declare function elementwise<I extends string>(b: OnnxBuilder, inputs: Readonly<Record<I, Value>>, out: Value, write: (names: Record<I, string>) => string): string | undefined;
/** An ONNX op of one map. */
export declare const unary: (op: string) => KernelLowering;
/**
 * A binary op by ONNX' broadcasting. Operands that are smaller than their shape says (scalars that stand
 * for full constants) stay small where the other operand has the output's shape.
 */
export declare const binary: (op: string) => KernelLowering<"a" | "b">;
//# sourceMappingURL=elementwise.d.ts.map