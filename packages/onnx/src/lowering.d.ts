import type { GraphOp, Node, Op, OpLowering, Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
/**
 * Writes one call of a TensorFlow.js kernel as ONNX nodes.
 *
 * @typeParam I names of the kernel's inputs
 * @returns the name of the output, or of each in order; nothing where the builder was told
 */
export type KernelLowering<I extends string = 'x', A = object> = (b: OnnxBuilder, inputs: Readonly<Record<I, Value>>, attrs: A, outputs: Node['outputs']) => string | readonly string[] | undefined;
/** Lowerings by kernel, each of its own inputs and attributes. */
export type KernelLowerings = Readonly<Record<string, (b: OnnxBuilder, inputs: never, attrs: never, outputs: Node['outputs']) => ReturnType<KernelLowering>>>;
/**
 * Says how an op is written in ONNX; an op of which nothing is said is written as its definition. Steps that
 * are compiled from then on use it.
 *
 * @param lowering gets the op's inputs by name; `b.get(x)` is the ONNX name of such a value
 * @example
 * lower(squaredReluOp, (b, { x }, { scale }) => {
 *   const positive = b.node('Relu', [b.get(x)]);
 *   return b.node('Mul', [b.node('Mul', [positive, positive]), b.scalar(scale)]);
 * });
 */
export declare function lower<I extends string, A extends object, O extends string>(op: Op<I, A, O>, lowering: OpLowering<OnnxBuilder, I, A, O>): void;
/** How an op is written, where something is said of it. */
export declare const loweringOf: (op: GraphOp) => unknown;
/** Whether an op is written as nodes of its own: those that a trace for ONNX takes. */
export declare const isLowered: (op: GraphOp) => boolean;
//# sourceMappingURL=lowering.d.ts.map