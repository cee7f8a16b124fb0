import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { encodeModel } from './proto.ts';
import { openSession, type Session } from './session.ts';

const port = (name: string) => ({ name, dtype: 'float32' as const, shape: [2] });
const doubling = encodeModel({
  name: 'double',
  nodes: [{ op: 'Add', domain: '', inputs: ['x', 'x'], outputs: ['y'], attributes: {} }],
  initializers: [],
  inputs: [port('x')],
  outputs: [port('y')],
});
const x = new ort.Tensor('float32', Float32Array.of(1, -3), [2]);

test('a session runs until the end of its scope', async () => {
  let kept: Session;
  {
    await using session = await openSession(doubling);
    kept = session;
    expect([...((await session.run({ x })).y!.data as Float32Array)]).toEqual([2, -6]);
  }
  await expect(kept.run({ x })).rejects.toThrow();
});

test('bytes that are no model are refused', async () => {
  await expect(openSession(Uint8Array.of(1, 2, 3), { logSeverityLevel: 4 })).rejects.toThrow();
});
