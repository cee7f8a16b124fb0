import { createEagerEngine, resizeBilinear, tf } from '@kcr/core';
import type { TestViewOptions } from '@kcr/data';
import { expect, test } from 'vitest';
import { segmentImage } from './segment-image.ts';

const [height, width] = [40, 70];
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** 1 in a rectangle, else 0. */
const inside = (i: number) => {
  const [y, x] = [Math.floor(i / width), i % width];
  return y >= 12 && y < 30 && x >= 8 && x < 50 ? 1 : 0;
};
const image = {
  data: Uint8Array.from({ length: height * width * 3 }, (_, i) => 230 * inside(Math.floor(i / 3))),
  shape: [height, width, 3] as const,
};

test.each([
  ['one view', {}],
  ['a view from each side', { flip: true }],
  ['several sizes', { scales: [0.75, 1, 1.5], flip: true }],
  ['windows that overlap', { fit: 'cover' }],
] as [string, TestViewOptions][])('%s: what is bright at stride 2 is found', async (_, options) => {
  const engine = await createEagerEngine({ backend: 'wasm' });
  // Bright pixels are class 1, read at half the resolution.
  const inference = engine.compile('bright', ({ inputs }) => {
    const half = resizeBilinear(inputs.image!, [24, 24]);
    const brightness = tf.mul(tf.mean(half, 3, true), 8);
    return { outputs: { logits: tf.concat([tf.neg(brightness), brightness], 3) } };
  });
  const found = await segmentImage(inference, image, {
    normalization,
    shape: [48, 48, 3],
    ...options,
  });
  await engine.dispose();
  expect([found.height, found.width]).toEqual([height, width]);
  const wrong = found.data.filter((label, i) => label !== inside(i)).length;
  expect(wrong / found.data.length).toBeLessThan(0.04);
});
