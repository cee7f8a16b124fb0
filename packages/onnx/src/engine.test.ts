import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  createEagerEngine,
  type Engine,
  float32,
  item,
  type StepFunction,
  tf,
  valueAndGradients,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { OnnxEngine } from './engine.ts';

/** A gradient step of a linear model with an update, a supply and an unused input. */
const descend: StepFunction = ({ inputs, state, supply }) => {
  const w = state('w');
  const rate = supply('rate', [], 'float32', () => Float32Array.of(0.1));
  supply('unused', [], 'float32', () => Float32Array.of(1));
  const { loss, gradients } = valueAndGradients(
    () => ({ loss: tf.mean(tf.square(tf.sub(tf.matMul(inputs.x!, w), inputs.y!))), aux: {} }),
    [w],
  );
  return { outputs: { loss, same: w }, updates: { w: tf.sub(w, tf.mul(gradients[0]!, rate)) } };
};

const data = (n: number) => ({
  x: float32(
    [n, 2],
    Array.from({ length: 2 * n }, (_, i) => Math.sin(i)),
  ),
  y: float32(
    [n, 1],
    Array.from({ length: n }, (_, i) => Math.cos(i)),
  ),
  z: float32([1], [1]),
});

async function losses(engine: Engine, steps: number): Promise<number[]> {
  engine.set({ w: float32([2, 1], [0.5, -1]) });
  const step = engine.compile('descend', descend);
  const result: number[] = [];
  for (let i = 0; i < steps; i++) result.push(item((await step(data(i % 2 ? 4 : 6))).loss!));
  return result;
}

test('steps update the state as on the eager engine, for changing shapes', async () => {
  const onnx = new OnnxEngine();
  const actual = await losses(onnx, 6);
  const expected = await losses(await createEagerEngine({ backend: 'cpu' }), 6);
  actual.forEach((loss, i) => expect(loss).toBeCloseTo(expected[i]!, 6));
  expect(onnx.compileTimes).toHaveLength(2);
  await onnx.dispose();
});

test('state is shared by all steps, and what is read stays as it was read', async () => {
  const engine = new OnnxEngine();
  const own = float32([2], [1, 2]);
  engine.set({ a: own });
  const grow = engine.compile('grow', ({ state }) => ({
    outputs: {},
    updates: { a: tf.add(state('a'), 1) },
  }));
  const read = engine.compile('read', ({ state }) => ({
    outputs: { twice: tf.mul(state('a'), 2) },
  }));
  await grow();
  const { a } = await engine.get(['a']);
  await grow();
  await grow();
  expect([...own.data]).toEqual([1, 2]);
  expect([...a!.data]).toEqual([2, 3]);
  expect([...(await read()).twice!.data]).toEqual([8, 10]);
  await engine.dispose();
});

test('state is revised where it is, between steps that write it in turns', async () => {
  await using engine = new OnnxEngine();
  engine.set({ a: float32([2], [1, 2]) });
  const grow = engine.compile('grow', ({ state }) => ({
    outputs: { old: state('a') },
    updates: { a: tf.add(state('a'), 1) },
  }));
  const olds: number[][] = [];
  for (let i = 0; i < 4; i++) {
    const { old } = await grow();
    await engine.revise(['a'], async ({ a }) => {
      a!.data.forEach((x, j) => {
        a!.data[j] = 10 * x;
      });
    });
    olds.push([...old!.data]);
  }
  expect(olds).toEqual([
    [1, 2],
    [20, 30],
    [210, 310],
    [2110, 3110],
  ]);
});

/** Collects what nothing refers to; some of it is let go of by what has just been collected. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
}

test('steps that are disposed are freed while their engine lives', async () => {
  await using engine = new OnnxEngine();
  const use = async (dispose: boolean) => {
    const step = engine.compile('sum', ({ inputs }) => ({ outputs: { sum: tf.sum(inputs.x!) } }));
    await step({ x: float32([2], [1, 2]) });
    if (dispose) await step.dispose();
    return new WeakRef(step);
  };
  const disposed: WeakRef<object>[] = [];
  for (let i = 0; i < 5; i++) disposed.push(await use(true));
  const held = await use(false);
  await collectGarbage();
  expect(disposed.filter((step) => step.deref())).toEqual([]);
  expect(held.deref()).toBeDefined();
});

test('a step that is disposed can be run again, and is freed with its engine', async () => {
  const engine = new OnnxEngine();
  const step = engine.compile('twice', ({ inputs }) => ({ outputs: { y: tf.mul(inputs.x!, 2) } }));
  for (const _ of [1, 2]) {
    expect((await step({ x: float32([1], [3]) })).y!.data[0]).toBe(6);
    await step.dispose();
  }
  expect(engine.compileTimes).toHaveLength(2);
  await engine.dispose();
});

describe('errors', () => {
  const engine = new OnnxEngine();
  const attempt = (step: StepFunction) => engine.compile('bad', step)({ x: float32([2], [1, 2]) });
  const code = (name: string) => expect.objectContaining({ code: name });
  test('name the kernel and the place', async () => {
    const unknown = attempt(({ inputs }) => ({
      outputs: { y: tf.spectral.rfft(inputs.x!) as tf.Tensor },
    }));
    await expect(unknown).rejects.toThrow(code('TRACE_KERNEL'));
    await expect(unknown).rejects.toThrow(/RealDiv|FFT|Complex|engine\.test/i);
    const random = attempt(({ inputs }) => ({ outputs: { y: tf.dropout(inputs.x!, 0.5) } }));
    await expect(random).rejects.toThrow(code('STEP_CHANCE'));
    const read = attempt(({ inputs }) => ({ outputs: { y: tf.scalar(inputs.x!.dataSync()[0]!) } }));
    await expect(read).rejects.toThrow(code('TRACE_READ'));
    await expect(read).rejects.toThrow(/engine\.test\.ts/);
  });
  test('name a missing array and a device that is not there', async () => {
    await expect(attempt(({ state }) => ({ outputs: { y: state('nothing') } }))).rejects.toThrow(
      code('STATE_MISSING'),
    );
    const cuda = new OnnxEngine({ device: 'cuda' });
    cuda.set({ w: float32([2, 1], [0, 0]) });
    if (process.platform === 'linux' && !existsSync('/dev/nvidia0'))
      await expect(cuda.compile('x', descend)(data(2))).rejects.toThrow(code('ONNX_SESSION'));
  });
});
