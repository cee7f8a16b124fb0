import { createEagerEngine, inverse, Model, tf } from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  classToken,
  embedPositions,
  fromParts,
  gridLayout,
  intoParts,
  layoutOf,
  patchLayout,
  patchMaps,
  patchTokens,
  toMap,
  toTokens,
} from './tokens.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

test('the class token is first, and every token gets its position', () => {
  const model = new Model(
    {
      name: 'embedding',
      module: 'test',
      contract: 1,
      tokens: 'set',
      configure: (config) => config,
      input: () => ({ shape: [1, 2, 2] as const, classes: 0 }),
      forward(m, image) {
        const tokens = embedPositions(m, image, m.dim('embed', 2, { prunable: false }), {
          stride: 1,
        });
        return { logits: tokens, features: classToken(tokens), tokens, featureMaps: [] };
      },
    },
    {},
  );
  expect(model.params.map(({ name, shape, decay }) => [name, shape, decay])).toEqual([
    ['cls_token', [1, 1, 2], false],
    ['pos_embed', [1, 3, 2], false],
  ]);
  const state = {
    cls_token: tf.tensor([100, 200], [1, 1, 2]),
    pos_embed: tf.tensor([1, 2, 3, 4, 5, 6], [1, 3, 2]),
  };
  const image = tf.tensor([10, 20, 30, 40, 50, 60, 70, 80], [2, 1, 2, 2]);
  const { tokens } = model.apply(image, { state: (name) => state[name as keyof typeof state] });
  expect(tokens.shape).toEqual([2, 3, 2]);
  expect([...tokens.dataSync()]).toEqual([
    ...[101, 202, 13, 24, 35, 46],
    ...[101, 202, 53, 64, 75, 86],
  ]);
});

test('layouts: the class token lies nowhere, patches and grids row by row', () => {
  expect(patchLayout(tf.zeros([5, 2, 3, 4]))).toEqual({
    height: 2,
    width: 3,
    positions: [-1, 0, 1, 2, 3, 4, 5],
  });
  expect(gridLayout(1, 3)).toEqual({ height: 1, width: 3, positions: [0, 1, 2] });
});

describe('where tokens were taken out', () => {
  const whole = gridLayout(2, 2);

  test('a layout says nothing of those that are left', () => {
    expect(layoutOf(tf.zeros([1, 4, 3]), whole)).toBe(whole);
    expect(layoutOf(tf.zeros([1, 3, 3]), whole)).toBeUndefined();
  });

  test('there is no map of patches', () => {
    const layout = patchLayout(tf.zeros([1, 2, 2, 1]));
    const dim = { name: 'embed' } as never;
    const tokens = tf.tensor([9, 1, 2, 3, 4], [1, 5, 1]);
    const [map, ...others] = patchMaps(tokens, dim, layout, 16);
    expect(others).toEqual([]);
    expect(map).toMatchObject({ dim, stride: 16 });
    expect(map!.value.arraySync()).toEqual([
      [
        [[1], [2]],
        [[3], [4]],
      ],
    ]);
    expect(patchMaps(tf.zeros([1, 4, 1]), dim, layout, 16)).toEqual([]);
  });
});

test('the class token and the others', () => {
  const tokens = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
  expect(classToken(tokens).arraySync()).toEqual([
    [1, 2],
    [5, 6],
  ]);
  expect(patchTokens(tokens).arraySync()).toEqual([[[3, 4]], [[7, 8]]]);
});

test('a map as tokens, row by row, and back', () => {
  const map = tf.tensor([...Array(12).keys()], [1, 2, 3, 2]);
  expect(toTokens(map).arraySync()).toEqual([
    [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
      [10, 11],
    ],
  ]);
  expect(toMap(toTokens(map), 3).arraySync()).toEqual(map.arraySync());
});

describe('a grid in parts', () => {
  const tokens = () => tf.tensor([0, 1, 2, 10, 11, 12], [2, 3, 1]);
  /** Two parts of 2; the last place is beyond the border. */
  const order = [2, 0, 1, -1];

  test('each part of each image is an entry', () => {
    const parts = intoParts(tokens(), order, 2);
    expect(parts.shape).toEqual([4, 2, 1]);
    expect([...parts.dataSync()]).toEqual([2, 0, 1, 0, 12, 10, 11, 0]);
  });

  test('is put together again', () => {
    const parts = intoParts(tokens(), order, 2);
    expect(fromParts(parts, inverse(order, 3), 2).arraySync()).toEqual(tokens().arraySync());
  });
});
