import { createEagerEngine, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { applyWithTaps, findTap, tapsOf } from './taps.ts';
import { attentionModel, imagesOf, modelOf, setHead } from './testing.ts';

const layout = { height: 1, width: 2, positions: [0, 1] };
const model = attentionModel([
  { heads: 1, tokens: 2, layout },
  { heads: 1, tokens: 2 },
  { heads: 1, tokens: 2, layout },
]);

describe('taps of a role whose tokens lie in a map', () => {
  test('are found in the order of the model', () => {
    expect(tapsOf(model, 'weights').map(({ name }) => name)).toEqual(['0.weights', '2.weights']);
    expect(tapsOf(model, 'in')).toEqual([]);
  });

  test('the last one, or the one that is named', () => {
    expect(findTap(model, 'weights')).toMatchObject({ name: '2.weights', layout });
    expect(findTap(model, 'weights', '0.weights').name).toBe('0.weights');
  });

  test.each([
    ['a name that is none', 'weights', '7.weights', /0\.weights, 2\.weights/],
    ['a tap without a map', 'weights', '1.weights', /0\.weights, 2\.weights/],
    ['a role that there is not', 'in', undefined, /no tap "in"/],
  ])('%s: TAP_UNKNOWN', (_, role, name, found) => {
    expect(() => findTap(model, role, name)).toThrow(
      expect.objectContaining({ code: 'TAP_UNKNOWN', found: expect.stringMatching(found) }),
    );
  });
});

test('values of taps that are named are seen and may be replaced, others are left', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  setHead(engine, model, [
    [1, 0, 0],
    [0, 0, 1],
  ]);
  const seen: string[] = [];
  const step = engine.compile('taps', (context) => ({
    outputs: {
      logits: applyWithTaps(model, context, new Set(['0.weights']), (value, name) => {
        seen.push(name);
        return tf.mul(value, 10);
      }).logits,
    },
  }));
  const { logits } = await step({
    image: imagesOf([1, 1, 12], [[1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]]),
  });
  expect(seen).toEqual(['0.weights']);
  expect([...logits!.data]).toEqual([10, 3]);
});

test('a model without taps has none', () => {
  const plain = modelOf([1, 1, 2], (_, image) => tf.reshape(image, [-1, 2]));
  expect(tapsOf(plain, 'weights')).toEqual([]);
});
