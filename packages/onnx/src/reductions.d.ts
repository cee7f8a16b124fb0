import { type tf, type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import type { KernelLowering } from './lowering.ts';
/** Rows of a value: the product of all its sizes but the last. */
export declare const rowCount: ({ shape }: Value) => number;
/**
 * The sum over all axes but the last, [d], as a product with a row of ones: a quarter of the time of
 * ReduceSum, which adds row by row.
 *
 * @param x the name of an array of `like`'s shape
 */
export declare function sumRows(b: OnnxBuilder, x: string, like: Value): string;
/** What a reduction is over; Max alone calls its axes `reductionIndices`. */
interface Axes {
    axis?: number | number[];
    reductionIndices?: number | number[];
}
export declare const reduce: (op: string) => KernelLowering<"x", Axes>;
/** Sums over all axes but the last have a faster way on the CPU. */
export declare const sum: KernelLowering<'x', Axes>;
export declare const argReduce: (op: string) => KernelLowering<"x", tf.ArgMaxAttrs>;
export {};
//# sourceMappingURL=reductions.d.ts.map