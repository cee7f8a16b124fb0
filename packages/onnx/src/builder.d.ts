import { type Value } from '@kcr/core';
import { type AttributeValue, type OnnxNode, type OnnxTensor, type OnnxType } from './proto.ts';
interface NodeOptions {
    outputs?: number;
    domain?: string;
}
/** Where a graph will run, as far as its nodes differ. */
export type Target = 'cpu' | 'webgpu' | 'cuda';
/** Collects the nodes and constants of an ONNX graph, and knows the name of each traced value. */
export declare class OnnxBuilder {
    #private;
    readonly target: Target;
    private readonly twin?;
    readonly block: number;
    readonly initializers: OnnxTensor[];
    /**
     * @param twin shapes by value id in a trace of the same function with another batch size: sizes that
     *   differ there are dynamic
     * @param block channels to a block of the runtime's blocked layout; 0: it is not used
     */
    constructor(target: Target, twin?: ReadonlyMap<number, readonly number[]> | undefined, block?: number);
    /** A value's shape, with `undefined` for sizes that depend on the batch. */
    dynamicShape({ id, shape }: Value): (number | undefined)[];
    /** The name of a value's shape as a list, its batch sizes read from `like`. */
    shape(value: Value, like: Value): string;
    /** The name of `x` in another, fixed shape. */
    reshape(x: string, shape: readonly number[]): string;
    /** The target of a Reshape: -1 for the size that depends on the batch. @throws KcrError `ONNX_DYNAMIC` */
    reshapeTarget(value: Value): string;
    /** Adds a node and returns the names of its outputs. */
    nodeOutputs(op: string, inputs: readonly string[], attributes?: Record<string, AttributeValue>, { outputs, domain }?: NodeOptions): string[];
    /** Adds a node with one output and returns its name. */
    node(op: string, inputs: readonly string[], attributes?: Record<string, AttributeValue>, domain?: string): string;
    /** Adds a node whose outputs have names of their own. */
    add(node: OnnxNode): void;
    /** Gives a traced value a name; `lazy` says what it holds where broadcasting is still to be done. */
    bind(value: Value, name: string, lazy?: 'number' | 'part'): void;
    isBound(value: Value): boolean;
    /** Gives a feature map a name in blocked layout. */
    bindBlocked(value: Value, name: string): void;
    /** Whether a value is a feature map that fits the blocked layout. */
    canBlock(value: Value): boolean;
    /** Whether a value is there in blocked layout and not in its own. */
    isBlocked({ id }: Value): boolean;
    /** The name of a feature map in blocked layout. */
    blocked(value: Value): string;
    /** The name of a value in its full shape. */
    get(value: Value): string;
    /** The name of something that broadcasts to the value's shape, which may be smaller. */
    broadcastable(value: Value): string;
    /** Whether {@link broadcastable} may be smaller than the value. */
    isLazy(value: Value): boolean;
    /** Whether {@link broadcastable} is one number, which broadcasts in any layout. */
    isNumber(value: Value): boolean;
    /** A float32 scalar. */
    scalar(value: number, dtype?: 'float32' | 'int32' | 'bool'): string;
    /** A list of 64-bit integers (shapes, axes). */
    int64(values: readonly number[]): string;
    /** A list of 32-bit integers (indices). */
    int32(values: readonly number[]): string;
    /** A constant; equal small ones are stored once. */
    initializer(dtype: OnnxType, shape: readonly number[], data: OnnxTensor['data']): string;
    /** Makes a value a graph output of that name. */
    output(name: string, value: Value): void;
    /** The nodes that the outputs need, under the outputs' names. */
    finish(outputs: readonly string[]): OnnxNode[];
}
export {};
//# sourceMappingURL=builder.d.ts.map