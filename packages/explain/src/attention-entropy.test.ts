import { createEagerEngine, type Engine, tf } from '@kcr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attentionEntropy, histogram } from './attention-entropy.ts';
import { attentionModel, dataOf, modelOf, setHead } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

const layout = { height: 1, width: 2, positions: [0, 1] };
const wide = { height: 1, width: 4, positions: [0, 1, 2, 3] };
const model = attentionModel([
  { heads: 2, tokens: 2, layout },
  { heads: 1, tokens: 4, layout: wide },
]);
const even = Array<number>(16).fill(0.25);
const sharp = Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0));
const images = [
  // Head 0: certain, then even; head 1: 3/4 and 1/4, then certain.
  [1, 0, 0.5, 0.5, 0.75, 0.25, 0, 1, ...even],
  [0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0, ...sharp],
];
const quarter = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
const close = (values: number[]) => values.map((x) => expect.closeTo(x, 6));

test.each([{}, { batchSize: 1 }])(
  'by layer and head, of all queries and images, %j',
  async (options) => {
    setHead(engine, model, [
      [1, 1],
      [1, 1],
    ]);
    const found = await attentionEntropy(engine, model, dataOf([1, 1, 24], images), options);
    expect([...found.keys()]).toEqual(['0.weights', '1.weights']);
    const [first, second] = [...found.values()];
    expect([first!.tokens, second!.tokens]).toEqual([2, 4]);
    expect(first!.heads.map((rows) => [...rows])).toEqual([
      close([0, Math.LN2, Math.LN2, Math.LN2]),
      close([quarter, 0, 0, 0]),
    ]);
    // Even rows have the logarithm of their length.
    expect(second!.heads.map((rows) => [...rows])).toEqual([
      close([...Array(4).fill(Math.log(4)), 0, 0, 0, 0]),
    ]);
  },
);

test('of images that are named', async () => {
  setHead(engine, model, [
    [1, 1],
    [1, 1],
  ]);
  const options = { indices: Int32Array.of(1) };
  const found = await attentionEntropy(engine, model, dataOf([1, 1, 24], images), options);
  expect([...found.get('0.weights')!.heads[1]!]).toEqual(close([0, 0]));
});

test('without attention weights: TAP_UNKNOWN', async () => {
  const plain = modelOf([1, 1, 2], (_, image) => tf.reshape(image, [-1, 2]));
  await expect(attentionEntropy(engine, plain, dataOf([1, 1, 2], [[1, 2]]))).rejects.toThrow(
    expect.objectContaining({ code: 'TAP_UNKNOWN' }),
  );
});

test('a histogram has shares of equal bins; what lies outside goes to the ends', () => {
  expect(histogram([0, 0.1, 0.5, 0.99, 1, 3, -1, 2], 2, 4)).toEqual([
    { upTo: 0.5, share: 3 / 8 },
    { upTo: 1, share: 2 / 8 },
    { upTo: 1.5, share: 1 / 8 },
    { upTo: 2, share: 2 / 8 },
  ]);
  expect(histogram([1], 2)).toHaveLength(24);
});
