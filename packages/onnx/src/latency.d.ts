import type { Model, StateDict } from '@kcr/core';
export interface LatencyOptions {
    /** Images at once. Default 1. */
    batch?: number;
    /** Timed runs; the median is given. Default 30. */
    runs?: number;
    /** Threads of one operator. Default: one per core. */
    threads?: number;
}
/** Median time of one run of a model on the CPU, its weights built in, in milliseconds. */
export declare function measureLatency(model: Model, weights: StateDict, { batch, runs, threads }?: LatencyOptions): Promise<number>;
//# sourceMappingURL=latency.d.ts.map