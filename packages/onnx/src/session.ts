import * as ort from 'onnxruntime-node';

/** A session of ONNX Runtime that is released at the end of the scope of an `await using`. */
export type Session = ort.InferenceSession & AsyncDisposable;

/** Loads a model. */
export async function openSession(
  bytes: Uint8Array,
  options?: ort.InferenceSession.SessionOptions,
): Promise<Session> {
  const session = await ort.InferenceSession.create(bytes, options);
  return Object.assign(session, { [Symbol.asyncDispose]: () => session.release() });
}
