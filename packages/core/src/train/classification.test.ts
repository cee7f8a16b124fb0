import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Task } from '../model/task.ts';
import { tf } from '../tensor/tf.ts';
import { classification, taskOf } from './classification.ts';
import { compileInference } from './inference.ts';
import { regression, tinyImages, tinyModel } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

describe('targets', () => {
  const label = tf.tensor1d([2, 0], 'int32');

  test('are one-hot labels', () => {
    const targets = classification.targets!({ label }, 3);
    expect(targets.arraySync()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
  });

  test('are those of mixed images where there are such', () => {
    const target = tf.tensor2d([[0.25, 0.75]]);
    expect(classification.targets!({ label, target }, 2)).toBe(target);
  });
});

test.each([0, 0.1])('the loss is the mean cross-entropy with smoothed labels: %f', (smoothing) => {
  const logits = [
    [1, 2, 0.5],
    [-1, 0, 3],
  ];
  const targets = [
    [0, 1, 0],
    [0.5, 0, 0.5],
  ];
  const rows = logits.map((row, i) => {
    const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
    return row.reduce((sum, x, k) => {
      const target = (1 - smoothing) * targets[i]![k]! + smoothing / 3;
      return sum - target * Math.log(Math.exp(x) / total);
    }, 0);
  });
  const none = tf.zeros([2, 1]);
  const out = { logits: tf.tensor2d(logits), features: none, tokens: none, featureMaps: [] };
  const { crossEntropy, ...others } = classification.losses(out, tf.tensor2d(targets), smoothing);
  expect(crossEntropy!.dataSync()[0]).toBeCloseTo((rows[0]! + rows[1]!) / 2, 6);
  expect(others).toEqual({});
});

test('evaluation gives shares and the loss; its first metric is top-1', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const model = tinyModel((_, pixels) => ({ features: pixels, logits: pixels }));
  await using inference = compileInference(engine, model);
  const images = tinyImages(
    [
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ],
    [0, 0, 1, 0],
  );
  const found = await classification.evaluate(inference, images, 3);
  const [right, wrong] = [Math.log(1 + Math.exp(-1)), Math.log(1 + Math.exp(1))];
  expect(found).toEqual({
    top1: 0.75,
    top5: 1,
    loss: expect.closeTo((3 * right + wrong) / 4, 6),
  });
  expect(Object.keys(classification.metrics)[0]).toBe('top1');
});

test("a model is trained for its architecture's task, or for classification", () => {
  const task: Task = { ...classification, name: 'other' };
  expect(taskOf(tinyModel(regression, { task }))).toBe(task);
  expect(taskOf(tinyModel(regression))).toBe(classification);
});
