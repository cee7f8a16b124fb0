import { type Model, type StateDict } from '@kcr/core';
export interface ExportOptions {
    /** A fixed batch size, with which ONNX Runtime computes more ahead. Default: dynamic. */
    batch?: number;
}
/**
 * A model as an ONNX file: input `input`, float32 [batch, channels, height, width], normalised; outputs
 * `features` [batch, d] and those of its task, such as `logits` [batch, classes]. Weights keep their names.
 *
 * @throws KcrError `STATE_DICT`, `ONNX_KERNEL`, `ONNX_DYNAMIC`
 */
export declare function exportOnnx(model: Model, weights: StateDict, { batch }?: ExportOptions): Uint8Array;
//# sourceMappingURL=export.d.ts.map