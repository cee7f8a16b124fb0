import { describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { StepContext } from '../engine/engine.ts';
import { float32 } from '../ground/array.ts';
import { defineOp } from '../ops/op.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { constant, trace } from './tracer.ts';

/** Runs a step op by op. */
async function compute(step: (x: Tensor, context: StepContext) => Tensor) {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  await using compiled = engine.compile('step', (context) => ({
    outputs: { y: step(context.inputs.x!, context) },
  }));
  return (await compiled({ x: float32([2], [1, 2]) })).y!;
}

const wrong: [code: string, step: (x: Tensor) => Tensor][] = [
  ['STEP_CHANCE', (x) => tf.mul(x, Math.random())],
  ['STEP_CHANCE', (x) => tf.mul(x, Date.now())],
  ['TRACE_READ', (x) => tf.mul(x, x.dataSync()[0]!)],
  ['TRACE_UNDECLARED_CONSTANT', (x) => tf.mul(x, tf.tensor1d([1, 2]))],
];

describe.each(wrong)('%s, %s', (code, step) => {
  const refused = expect.objectContaining({
    code,
    where: expect.stringMatching(/step-guard\.test\.ts:\d+/),
  });
  test('in a step that is traced', () => {
    expect(() => trace(({ input }) => ({ y: step(input('x', [2])) }))).toThrow(refused);
  });
  test('in a step that is computed', async () => {
    await expect(compute(step)).rejects.toThrow(refused);
  });
});

test('what is declared, uniform or supplied is part of a step', async () => {
  const y = await compute((x, { supply }) => {
    const chance = supply('chance', [2], 'float32', () =>
      Float32Array.of(Math.random() * 0 + 3, Date.now() * 0 + 4),
    );
    const fixed = tf.mul(tf.ones([2]), constant(float32([2], [5, 6])));
    return tf.mul(tf.mul(x, chance), fixed);
  });
  expect([...y.data]).toEqual([15, 48]);
});

test('the definition of an op may read values', async () => {
  const largest = defineOp({
    name: 'GuardTestLargest',
    inputs: ['x'],
    compute: ({ x }) => tf.tensor1d([Math.max(...x.dataSync()), 7]),
    shapes: () => ({ shape: [2], dtype: 'float32' }),
  });
  expect([...(await compute((x) => largest({ x }))).data]).toEqual([2, 7]);
});

test("a backend's kernel may make tensors and read them; what follows it may not", async () => {
  const kernelName = 'GuardTestSwap';
  tf.registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ inputs }) => {
      const [a, b] = (inputs.x as Tensor).dataSync();
      return tf.tensor1d([b!, a!]);
    },
  });
  const swap = (x: Tensor): Tensor => tf.engine().runKernel(kernelName, { x });
  expect([...(await compute(swap)).data]).toEqual([2, 1]);
  await expect(compute((x) => tf.mul(swap(x), tf.tensor1d([1, 2])))).rejects.toThrow(
    expect.objectContaining({ code: 'TRACE_UNDECLARED_CONSTANT' }),
  );
  tf.unregisterKernel(kernelName, 'cpu');
});

test('after a step all is as it was', async () => {
  const { random } = Math;
  const { now } = Date;
  await expect(compute((x) => tf.mul(x, Math.random()))).rejects.toThrow();
  expect([Math.random, Date.now]).toEqual([random, now]);
  expect([...tf.tensor1d([1, 2]).dataSync()]).toEqual([1, 2]);
});
