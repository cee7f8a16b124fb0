import * as ort from 'onnxruntime-node';
import { NCHWC } from './domains.ts';
import { encodeModel } from './proto.ts';
import { openSession } from './session.ts';

let probe: Promise<number> | undefined;

/** Channels to a block on this processor; 0 where ONNX Runtime has no blocked kernels for it. */
export const blockSize = (): Promise<number> => (probe ??= probeBlockSize());

/** Reorders two pixels of 64 channels, numbered in order, and looks where the second pixel begins. */
async function probeBlockSize(): Promise<number> {
  const channels = 64;
  const numbers = Float32Array.from({ length: 2 * channels }, (_, i) => i);
  const bytes = encodeModel({
    name: 'probe',
    nodes: [
      {
        op: 'ReorderInput',
        domain: NCHWC,
        inputs: ['x'],
        outputs: ['y'],
        attributes: { channels_last: 1 },
      },
    ],
    initializers: [],
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, 1, 2, channels] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1, channels, 1, 2] }],
  });
  try {
    await using session = await openSession(bytes, { logSeverityLevel: 4 });
    const x = new ort.Tensor('float32', numbers, [1, 1, 2, channels]);
    const { data } = (await session.run({ x })).y!;
    const block = (data as Float32Array).indexOf(channels);
    return channels % block === 0 ? block : 0;
  } catch {
    return 0;
  }
}
