import * as ort from 'onnxruntime-node';
import { type OnnxNode, type OnnxPort } from './proto.ts';
/** The output that is refused. */
export declare const unreadableOutput: OnnxPort;
/** The node that makes it. */
export declare const unreadableNode: OnnxNode;
type Tensors = Readonly<Record<string, ort.Tensor>>;
/** Runs a session once. */
export type Run = (session: ort.InferenceSession, feeds: Tensors, fetches: ort.InferenceSession.FetchesType) => Promise<unknown>;
/** Runs a session that has an unreadable output, whose other results are then in `fetches`. */
export declare function runInPlace(session: ort.InferenceSession, feeds: Tensors, fetches: Tensors, by?: Run): Promise<void>;
/**
 * Whether the runtime behaves as said above, found by a small run: the binding's refusal has no code to know
 * it by but its text, and another version may read sequences, or refuse before the run.
 *
 * @param by how sessions are run
 */
export declare function writesInPlace(by?: Run): Promise<boolean>;
/** {@link writesInPlace}, asked once in a process. */
export declare const canWriteInPlace: () => Promise<boolean>;
export {};
//# sourceMappingURL=in-place.d.ts.map