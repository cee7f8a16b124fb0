import type { Graph } from '@kcr/core';
import { type Target } from './builder.ts';
import { type OnnxTensor } from './proto.ts';
export interface OnnxGraphOptions {
    name: string;
    target: Target;
    /** Graph inputs whose values are fixed, stored in the file. */
    constants?: ReadonlyMap<string, OnnxTensor['data']>;
    /** The same function traced with another batch size: sizes that differ become dynamic. */
    twin?: Graph;
    /** Adds the output that lets the others be written in place, see `in-place.ts`. */
    unreadable?: boolean;
    /** Channels to a block of the runtime's blocked layout (see `blocked.ts`). Default: it is not used. */
    block?: number;
}
/** Writes a traced graph as the bytes of an ONNX model with the same input and output names. */
export declare function toOnnx(graph: Graph, options: OnnxGraphOptions): Uint8Array;
//# sourceMappingURL=graph.d.ts.map