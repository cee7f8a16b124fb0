import { plainPreprocessing } from '@kcr/core';
import { expect, test } from 'vitest';
import { nuclei } from './nuclei.ts';

test('nuclei are grey images of the size that a model takes, each with its label', async () => {
  const labels = Int32Array.of(1, 0, 1);
  const source = await nuclei(plainPreprocessing([32, 32, 3]), ['a', 'b'], labels);
  expect(source).toMatchObject({ labels, classes: ['a', 'b'], shape: [32, 32, 3] });
  const images = await Promise.all([0, 1, 2].map((i) => source.pixels(i)));
  for (const { data, shape } of images) {
    expect(shape).toEqual([32, 32, 3]);
    for (let at = 0; at < data.length; at += 3)
      expect(new Set(data.slice(at, at + 3)).size).toBe(1);
    expect(new Set(data).size).toBeGreaterThan(2);
  }
  expect(images[0]).not.toEqual(images[1]);
});
