/**
 * The part of ONNX' ModelProto that a graph needs, written with protobuf's wire primitives: the message
 * fields are few and fixed, and a compiled schema would be larger than this file.
 */
/** ONNX' TensorProto.DataType. */
export declare const DATA_TYPES: {
    readonly float32: 1;
    readonly int32: 6;
    readonly int64: 7;
    readonly bool: 9;
};
export type OnnxType = keyof typeof DATA_TYPES;
/** What holds the values of TensorFlow.js' types. */
export declare const ARRAYS: {
    readonly float32: Float32ArrayConstructor;
    readonly int32: Int32ArrayConstructor;
    readonly bool: Uint8ArrayConstructor;
};
export interface OnnxTensor {
    name: string;
    dtype: OnnxType;
    shape: readonly number[];
    data: Float32Array | Int32Array | Uint8Array | BigInt64Array;
}
export type AttributeValue = number | string | readonly number[] | {
    float: number;
};
export interface OnnxNode {
    op: string;
    /** Operator set; '' is ONNX itself. */
    domain: string;
    inputs: readonly string[];
    outputs: readonly string[];
    attributes: Readonly<Record<string, AttributeValue>>;
}
/** A graph input or output. A string in the shape is a dynamic size. */
export interface OnnxPort {
    name: string;
    dtype: OnnxType;
    shape: readonly (number | string)[];
    /** Whether it is a sequence of such tensors. */
    sequence?: boolean;
}
export interface OnnxGraph {
    name: string;
    nodes: readonly OnnxNode[];
    initializers: readonly OnnxTensor[];
    inputs: readonly OnnxPort[];
    outputs: readonly OnnxPort[];
}
/** ONNX' own operator set that graphs are written in: the first with Gelu. */
export declare const OPSET = 20;
/** Encodes a graph as an ONNX file. */
export declare function encodeModel(graph: OnnxGraph): Uint8Array;
//# sourceMappingURL=proto.d.ts.map