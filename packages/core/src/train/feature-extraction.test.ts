import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { CompiledStep, Engine } from '../engine/engine.ts';
import { float32 } from '../ground/array.ts';
import { extractFeatures, extractLogits } from './feature-extraction.ts';
import { compileFeatures, compileInference } from './inference.ts';
import { regression, tinyImages, tinyModel } from './testing.ts';

const model = tinyModel(regression);
const images = tinyImages(
  [0, 1, 2, 3, 4].map((i) => [i, 10 * i]),
  [0, 1, 0, 1, 0],
);

let engine: Engine;
let inference: CompiledStep;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
  engine.set({
    'head.weight': float32([2, 2], [1, 0, 1, 1]),
    'head.bias': float32([2], [0, 0.5]),
  });
  inference = compileInference(engine, model);
});
afterAll(() => engine.dispose());

test.each([1, 2, 5, 9])('features stand in the order of the images; batches of %i', async (n) => {
  expect(await extractFeatures(inference, images, n)).toEqual(
    float32([5, 2], [0, 0, 1, 10, 2, 20, 3, 30, 4, 40]),
  );
});

test('of some images, in the order asked for, again where asked for twice', async () => {
  const indices = Int32Array.of(4, 1, 4);
  await using features = compileFeatures(engine, model);
  expect(await extractFeatures(features, images, 2, indices)).toEqual(
    float32([3, 2], [4, 40, 1, 10, 4, 40]),
  );
});

test('of no images there are none', async () => {
  const { shape, data } = await extractFeatures(inference, images, 2, new Int32Array(0));
  expect(shape[0]).toBe(0);
  expect(data).toHaveLength(0);
});

test('logits stand in the order of the images', async () => {
  expect(await extractLogits(inference, images, 2)).toEqual(
    float32([5, 2], [0, 0.5, 1, 11.5, 2, 22.5, 3, 33.5, 4, 44.5]),
  );
});
