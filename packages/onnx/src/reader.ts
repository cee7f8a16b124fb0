import type * as ort from 'onnxruntime-node';
import { encodeModel, type OnnxType } from './proto.ts';
import { openSession, type Session } from './session.ts';

/**
 * Reads tensors that live on a device, through sessions that copy them to the host: `getData()` on a
 * device tensor aborts the process in onnxruntime-node 1.30.
 */
export class DeviceReader {
  /** By type and rank. */
  readonly #sessions = new Map<string, Promise<Session>>();

  async read(tensor: ort.Tensor): Promise<ort.Tensor> {
    const dtype = tensor.type as OnnxType;
    const key = `${dtype}${tensor.dims.length}`;
    let session = this.#sessions.get(key);
    if (!session) {
      session = openSession(copying(dtype, tensor.dims.length), {
        executionProviders: ['webgpu', 'cpu'],
      });
      this.#sessions.set(key, session);
    }
    return (await (await session).run({ x: tensor })).y as ort.Tensor;
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) await (await session).release();
  }
}

/** A model that gives its input back. */
function copying(dtype: OnnxType, rank: number): Uint8Array {
  const shape = Array.from({ length: rank }, (_, i) => `n${i}`);
  return encodeModel({
    name: 'read',
    nodes: [{ op: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} }],
    initializers: [],
    inputs: [{ name: 'x', dtype, shape }],
    outputs: [{ name: 'y', dtype, shape }],
  });
}
