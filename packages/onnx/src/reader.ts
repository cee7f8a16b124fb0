import * as ort from 'onnxruntime-node';
import { encodeModel, type OnnxType } from './proto.ts';

/**
 * Reads tensors that live on a device, through a session that copies them to the host: `getData()` on a
 * device tensor aborts the process in onnxruntime-node 1.30.
 */
export function deviceReader(): (tensor: ort.Tensor) => Promise<ort.Tensor> {
  const sessions = new Map<string, Promise<ort.InferenceSession>>();
  return async (tensor) => {
    const dtype = tensor.type as OnnxType;
    const key = `${dtype}${tensor.dims.length}`;
    let session = sessions.get(key);
    if (!session) {
      const shape = tensor.dims.map((_, i) => `n${i}`);
      const bytes = encodeModel({
        name: 'read',
        nodes: [{ op: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} }],
        initializers: [],
        inputs: [{ name: 'x', dtype, shape }],
        outputs: [{ name: 'y', dtype, shape }],
      });
      session = ort.InferenceSession.create(bytes, { executionProviders: ['webgpu', 'cpu'] });
      sessions.set(key, session);
    }
    return (await (await session).run({ x: tensor })).y as ort.Tensor;
  };
}
