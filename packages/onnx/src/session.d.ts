import * as ort from 'onnxruntime-node';
/** A session of ONNX Runtime that is released at the end of the scope of an `await using`. */
export type Session = ort.InferenceSession & AsyncDisposable;
/** Loads a model. */
export declare function openSession(bytes: Uint8Array, options?: ort.InferenceSession.SessionOptions): Promise<Session>;
//# sourceMappingURL=session.d.ts.map