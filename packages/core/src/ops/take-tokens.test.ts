import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import {
  chosenMask,
  placesOf,
  takeTokens,
  tokenOneHot,
  topTokens,
  zeroTokenAfter,
} from './take-tokens.ts';

const int = (...rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');

// Gathering with batch dimensions is what wasm does wrong.
describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await createEagerEngine({ backend });
  });

  /** Token t of image i is [100 i + t, -t]. */
  const tokens = () =>
    tf.tensor(
      [0, 1].flatMap((i) => [0, 1, 2, 3].flatMap((t) => [100 * i + t, -t])),
      [2, 4, 2],
    );

  test('each image gives its own tokens, in the order that is asked for', () => {
    const taken = takeTokens(tokens(), int([2, 0], [1, 3]));
    expect(taken.arraySync()).toEqual([
      [
        [2, -2],
        [0, -0],
      ],
      [
        [101, -1],
        [103, -3],
      ],
    ]);
  });

  test('a token gets the gradient of its place, the others none', () => {
    const weights = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const loss = (x: tf.Tensor) => tf.sum(tf.mul(takeTokens(x, int([2, 0], [1, 3])), weights));
    expect(tf.grad(loss)(tokens()).arraySync()).toEqual([
      [
        [3, 4],
        [0, 0],
        [1, 2],
        [0, 0],
      ],
      [
        [0, 0],
        [5, 6],
        [0, 0],
        [7, 8],
      ],
    ]);
  });

  test('places undo a choice: where a token went, or the number of those chosen', () => {
    const places = placesOf(int([2, 0], [1, 3]), 4);
    expect(places.dtype).toBe('int32');
    expect(places.arraySync()).toEqual([
      [1, 2, 0, 2],
      [2, 0, 2, 1],
    ]);
    const back = takeTokens(zeroTokenAfter(takeTokens(tokens(), int([2, 0], [1, 3]))), places);
    expect(tf.slice(back, [0, 0, 0], [-1, -1, 1]).arraySync()).toEqual([
      [[0], [0], [2], [0]],
      [[0], [101], [0], [103]],
    ]);
  });

  test('a choice as a mask, and as a row for each', () => {
    expect(chosenMask(int([2, 0]), 4).arraySync()).toEqual([[1, 0, 1, 0]]);
    expect(tokenOneHot(int([2, 0]), 4).arraySync()).toEqual([
      [
        [0, 0, 1, 0],
        [1, 0, 0, 0],
      ],
    ]);
  });

  test('the best tokens are in the order of the tokens, of equal ones the first', () => {
    const scores = tf.tensor2d([
      [0.1, 5, 3, 4],
      [-1, -2, -3, -1],
      [7, 7, 7, 7],
    ]);
    const best = topTokens(scores, 2);
    expect(best.dtype).toBe('int32');
    expect(best.arraySync()).toEqual([
      [1, 3],
      [0, 3],
      [0, 1],
    ]);
  });
});

test('a token of zeros comes after the last', () => {
  expect(zeroTokenAfter(tf.tensor([1, 2], [1, 1, 2])).arraySync()).toEqual([
    [
      [1, 2],
      [0, 0],
    ],
  ]);
});
