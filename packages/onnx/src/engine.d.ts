import { type CompiledStep, type Engine, type NdArray, type StepFunction } from '@kcr/core';
import type { Target } from './builder.ts';
export interface OnnxEngineOptions {
    /** Where ONNX Runtime runs. `cuda` needs ONNX Runtime's CUDA libraries, which npm does not bring. */
    device?: Target;
    /** Threads of one operator. Default: ONNX Runtime's choice, one per core. */
    threads?: number;
    /** Prefix of a profile file that ONNX Runtime writes for each compiled step. */
    profile?: string;
}
/** What is measured of each compilation, in milliseconds. */
export interface CompileTimes {
    step: string;
    trace: number;
    session: number;
    nodes: number;
}
/** The engine that traces a step into one ONNX graph and runs it on ONNX Runtime. */
export declare class OnnxEngine implements Engine {
    #private;
    private readonly options;
    readonly name: string;
    /** One entry per compiled step and input shape. */
    readonly compileTimes: CompileTimes[];
    constructor(options?: OnnxEngineOptions);
    get device(): Target;
    set(arrays: Readonly<Record<string, NdArray>>): void;
    get(names: readonly string[]): Promise<Record<string, NdArray>>;
    names: () => string[];
    delete(names: readonly string[]): void;
    compile(name: string, step: StepFunction): CompiledStep;
    dispose(): Promise<void>;
    [Symbol.asyncDispose]: () => Promise<void>;
}
/** The default engine. */
export declare const createOnnxEngine: (options?: OnnxEngineOptions) => OnnxEngine;
//# sourceMappingURL=engine.d.ts.map