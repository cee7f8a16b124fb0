import { type Node } from '@kcr/core';
import './activations.ts';
import './batch-norm.ts';
import type { OnnxBuilder } from './builder.ts';
import './ops.ts';
import './reindex.ts';
/** Writes a node into the builder. @throws KcrError `ONNX_KERNEL`, `ONNX_LOWERING` */
export declare function writeNode(b: OnnxBuilder, { kernel, op, inputs, attrs, outputs }: Node): void;
//# sourceMappingURL=write-node.d.ts.map