import { createEagerEngine, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { keptTokens } from './kept-tokens.ts';
import { imagesOf, modelOf, setHead } from './testing.ts';

test('the last selection of a model that takes tokens out', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  // The image's two channels are two selections.
  const model = modelOf([2, 3, 2], (m, image) => {
    for (const i of [0, 1]) m.child(i).tap('kept', tf.slice(image, [0, 0, 0, i], [-1, 2, 3, 1]));
    return tf.mean(image, [1, 2]);
  });
  setHead(engine, model, [
    [1, 1],
    [1, 1],
  ]);
  const image = imagesOf([2, 3, 2], [[1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0], Array(12).fill(1)]);
  const kept = await keptTokens(engine, model, image);
  expect(kept).toMatchObject({ dtype: 'float32', shape: [2, 2, 3] });
  expect([...kept!.data]).toEqual([1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
});

test('a model that takes none out', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const model = modelOf([2, 3, 2], (_, image) => tf.mean(image, [1, 2]));
  expect(await keptTokens(engine, model, imagesOf([2, 3, 2], [Array(12).fill(1)]))).toBeUndefined();
});
