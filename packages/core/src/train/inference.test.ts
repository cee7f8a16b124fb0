import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { float32 } from '../ground/array.ts';
import type { Task } from '../model/task.ts';
import { tf } from '../tensor/tf.ts';
import { compileFeatures, compileInference } from './inference.ts';
import { regression, tinyModel } from './testing.ts';

const model = tinyModel(regression);
const weights = {
  'head.weight': float32([2, 2], [1, 2, 3, 4]),
  'head.bias': float32([2], [10, 20]),
};
const image = float32([2, 1, 1, 2], [1, 0, 1, 1]);

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
  engine.set(weights);
});
afterAll(() => engine.dispose());

describe('inference', () => {
  test("gives logits and the classifier's input", async () => {
    await using inference = compileInference(engine, model);
    const { logits, features, ...others } = await inference({ image });
    expect([logits!.shape, Array.from(logits!.data)]).toEqual([
      [2, 2],
      [11, 23, 13, 27],
    ]);
    expect([features!.shape, Array.from(features!.data)]).toEqual([
      [2, 2],
      [1, 0, 1, 1],
    ]);
    expect(others).toEqual({});
  });

  test('reads parameters under a prefix', async () => {
    engine.set({
      'average:head.weight': float32([2, 2], [0, 1, 1, 0]),
      'average:head.bias': float32([2]),
    });
    await using inference = compileInference(engine, model, { prefix: 'average:' });
    expect(Array.from((await inference({ image })).logits!.data)).toEqual([0, 1, 1, 1]);
  });

  test('lets values be replaced at taps, in evaluation mode', async () => {
    const seen: [string, boolean][] = [];
    await using inference = compileInference(engine, model, {
      tap: (value, { name, training }) => {
        seen.push([name, training]);
        return tf.mul(value, 2);
      },
    });
    const { logits, features } = await inference({ image });
    expect(seen).toEqual([['features', false]]);
    expect(Array.from(features!.data)).toEqual([2, 0, 2, 2]);
    expect(Array.from(logits!.data)).toEqual([12, 26, 16, 34]);
  });

  test("gives what the model's task reads instead of logits", async () => {
    const task: Task = {
      name: 'height',
      contract: 1,
      metrics: {},
      losses: () => ({}),
      outputs: ({ logits }) => ({ height: tf.max(logits, 1) }),
      evaluate: async () => ({}),
    };
    await using inference = compileInference(engine, tinyModel(regression, { task }));
    const found = await inference({ image });
    expect(Object.keys(found).sort()).toEqual(['features', 'height']);
    expect(Array.from(found.height!.data)).toEqual([23, 27]);
  });
});

test('features alone are what the classifier reads', async () => {
  await using features = compileFeatures(engine, model);
  const found = await features({ image });
  expect(Object.keys(found)).toEqual(['features']);
  expect(Array.from(found.features!.data)).toEqual([1, 0, 1, 1]);
});

test('a weight that the engine does not have is named', async () => {
  await using inference = compileInference(engine, model, { prefix: 'other:' });
  await expect(inference({ image })).rejects.toMatchObject({
    code: 'STATE_MISSING',
    where: 'other:head.weight',
  });
});
