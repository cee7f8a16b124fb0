import { expect, test } from 'vitest';
import { float32, int32, type NdArray } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { tf } from '../tensor/tf.ts';
import { createEagerEngine } from './eager.ts';
import { arraySlot, inputSlot, noiseSlot, oncePerStep, type Slot } from './slots.ts';

const cpu = () => createEagerEngine({ backend: 'cpu' });

test.each<[string, () => Promise<Slot>]>([
  ['an array', async () => arraySlot(await cpu(), 'slot', float32([1]))],
  ['an input', async () => inputSlot('slot', () => 1)],
  ['noise', async () => noiseSlot('slot', [1], 'normal', () => new Generator(1))],
  ['a value made once', async () => oncePerStep('slot', () => tf.scalar(1))],
])('%s has no value outside a step', async (_, make) => {
  const slot = await make();
  expect(() => slot.value).toThrow(
    expect.objectContaining({ code: 'SLOT_OUTSIDE_STEP', where: 'slot' }),
  );
});

test('an array is assigned and read between steps, and is its value inside one', async () => {
  await using engine = await cpu();
  const slot = arraySlot(engine, 'alpha', float32([2]));
  slot.assign(float32([2], [1, 2]));
  expect(await slot.read()).toEqual(float32([2], [1, 2]));
  await using step = engine.compile('double', () => ({
    outputs: { y: slot.value },
    updates: { alpha: tf.mul(slot.value, 2) },
  }));
  expect((await step()).y).toEqual(float32([2], [1, 2]));
  expect(await slot.read()).toEqual(float32([2], [2, 4]));
});

test.each<[string, NdArray, RegExp]>([
  ['another shape', float32([1], [7]), /^alpha: float32 \[1\] for an array of float32 \[2\]/],
  ['another type', int32([2], [1, 2]), /^alpha: int32 \[2\] for an array of float32/],
  ['NaN', float32([2], [1, Number.NaN]), /^alpha: 1 of 2 values are NaN or infinite/],
])('what an array is not may not be assigned: %s', async (_, array, message) => {
  await using engine = await cpu();
  const slot = arraySlot(engine, 'alpha', float32([2]));
  slot.assign(float32([2], [3, 4]));
  expect(() => slot.assign(array)).toThrow(message);
  expect(await slot.read()).toEqual(float32([2], [3, 4]));
});

test('an array that was not assigned is named', async () => {
  await using engine = await cpu();
  await expect(arraySlot(engine, 'alpha', float32([2])).read()).rejects.toThrow(
    expect.objectContaining({ code: 'STATE_MISSING', where: 'alpha' }),
  );
});

test('a value is made once in a step, however often it is used, and anew in the next', async () => {
  await using engine = await cpu();
  let made = 0;
  const slot = oncePerStep('mask', () => tf.scalar(++made));
  await using step = engine.compile('twice', () => {
    expect(slot.value).toBe(slot.value);
    return { outputs: { y: tf.add(slot.value, slot.value) } };
  });
  expect([(await step()).y!.data[0], (await step()).y!.data[0], made]).toEqual([2, 4, 2]);
});

test('an input is asked for once before each run', async () => {
  await using engine = await cpu();
  let asked = 0;
  const slot = inputSlot('temperature', () => 10 * ++asked);
  await using step = engine.compile('input', () => ({
    outputs: { y: tf.stack([slot.value, slot.value]) },
  }));
  expect((await step()).y).toEqual(float32([2], [10, 10]));
  expect((await step()).y).toEqual(float32([2], [20, 20]));
});

test('noise is drawn once a step, anew in the next, the same from the same seed', async () => {
  await using engine = await cpu();
  const run = async () => {
    const generator = new Generator(3);
    const slot = noiseSlot('noise', [2, 2], 'uniform', () => generator);
    await using step = engine.compile('noise', () => ({
      outputs: { a: slot.value, b: slot.value },
    }));
    return [await step(), await step()];
  };
  const [first, second] = await run();
  expect(first!.a).toEqual(first!.b);
  expect(first!.a!.shape).toEqual([2, 2]);
  expect(second!.a).not.toEqual(first!.a);
  expect(await run()).toEqual([first, second]);
});
