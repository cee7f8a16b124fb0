import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { float32 } from '../ground/array.ts';
import { regression, tinyImages, tinyModel } from '../train/testing.ts';
import { accuracyOf } from './accuracy.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
  engine.set({ own: float32([1], [7]) });
});
afterEach(() => engine.dispose());

const model = tinyModel(regression);
const identity = {
  model,
  weights: { 'head.weight': float32([2, 2], [1, 0, 0, 1]), 'head.bias': float32([2]) },
};
const images = tinyImages(
  [
    [1, 0],
    [0, 1],
    [1, 0],
    [3, 2],
    [2, 3],
  ],
  [0, 1, 1, 0, 0],
);

test.each([1, 2, 5])('is the share of the images that are right; batches of %i', async (n) => {
  expect(await accuracyOf(engine, identity, images, n)).toBe(3 / 5);
});

test('is that of the weights: with the classes exchanged the others are right', async () => {
  const weights = { ...identity.weights, 'head.weight': float32([2, 2], [0, 1, 1, 0]) };
  expect(await accuracyOf(engine, { model, weights }, images, 2)).toBe(2 / 5);
});

test("leaves the engine's other arrays, and none of its own, also where it fails", async () => {
  await accuracyOf(engine, identity, images, 2);
  expect(engine.names()).toEqual(['own']);
  const broken = { ...images, batch: () => Promise.reject(new Error('no such file')) };
  await expect(accuracyOf(engine, identity, broken, 2)).rejects.toThrow('no such file');
  expect(engine.names()).toEqual(['own']);
});
