import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { TokenLayout } from '../model/scope.ts';
import { tf } from '../tensor/tf.ts';
import {
  choosePlaces,
  chosenTokens,
  fromMap,
  type Places,
  placesCount,
  prefixOf,
  putInPlaces,
  readPlaces,
  toMap,
} from './token-places.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

/** A class token, then positions of a map of 2 x 3, the last of which no token has. */
const whole: TokenLayout = { height: 2, width: 3, positions: [-1, 4, 0, 2, 1, 3] };

const tokens = () => tf.tensor([9, 10, 20, 30, 40, 50], [1, 6, 1]);
const int = (...rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');

test('tokens are put where they lie, zeros elsewhere; the class token lies nowhere', () => {
  const map = toMap(tokens(), whole);
  expect(map.shape).toEqual([1, 2, 3, 1]);
  expect([...map.dataSync()]).toEqual([20, 40, 30, 50, 10, 0]);
});

test('they are read back from there, and what lies nowhere is 0', () => {
  const read = fromMap(tf.tensor([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]), whole);
  expect([...read.dataSync()]).toEqual([0, 5, 1, 3, 2, 4]);
  expect([...fromMap(toMap(tokens(), whole), whole).dataSync()]).toEqual([0, 10, 20, 30, 40, 50]);
});

test('channels and images stay together', () => {
  const grid: TokenLayout = { height: 1, width: 2, positions: [1, 0] };
  const map = toMap(tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]), grid);
  expect([...map.dataSync()]).toEqual([3, 4, 1, 2, 7, 8, 5, 6]);
});

test('a class token is told by its position', () => {
  expect(prefixOf(whole)).toBe(1);
  expect(prefixOf({ height: 1, width: 2, positions: [0, -1] })).toBe(0);
  expect(prefixOf({ height: 1, width: 2, positions: [-1, -1, 0, 1] })).toBe(2);
  expect(prefixOf(undefined)).toBe(0);
});

describe('places after choices', () => {
  const start: Places = { whole };
  const once = () => choosePlaces(start, int([0, 2, 3, 5]), { fused: false });
  const twice = () => choosePlaces(once(), int([0, 3]), { fused: false });

  test('are those of the tokens that were chosen, among all', () => {
    expect([start, once(), twice()].map(placesCount)).toEqual([6, 4, 2]);
    expect(once().origin?.arraySync()).toEqual([[0, 2, 3, 5]]);
    expect(twice().origin?.arraySync()).toEqual([[0, 5]]);
    expect(twice().origin?.dtype).toBe('int32');
  });

  test('put the tokens that are left into the map, and read them from it', () => {
    const values = tf.tensor([9, 1, 2, 3], [1, 4, 1]);
    expect([...putInPlaces(values, once()).dataSync()]).toEqual([1, 0, 2, 3, 0, 0]);
    const map = tf.tensor([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    expect([...readPlaces(map, once()).dataSync()]).toEqual([0, 1, 3, 4]);
    expect([...readPlaces(map, twice()).dataSync()]).toEqual([0, 4]);
    expect([...putInPlaces(tokens(), start).dataSync()]).toEqual([
      ...toMap(tokens(), whole).dataSync(),
    ]);
    expect([...readPlaces(map, start).dataSync()]).toEqual([...fromMap(map, whole).dataSync()]);
  });

  test('differ from image to image', () => {
    const other = choosePlaces(start, int([0, 1], [0, 4]), { fused: false });
    const map = putInPlaces(tf.tensor([9, 1, 9, 2], [2, 2, 1]), other);
    expect([...map.dataSync()]).toEqual([0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0]);
  });

  test('the token of a sum is after all others, and lies nowhere', () => {
    const fused = choosePlaces(start, int([0, 2]), { fused: true });
    expect(placesCount(fused)).toBe(3);
    const values = tf.tensor([9, 7, 8], [1, 3, 1]);
    expect([...putInPlaces(values, fused).dataSync()]).toEqual([7, 0, 0, 0, 0, 0]);
    const map = tf.tensor([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    expect([...readPlaces(map, fused).dataSync()]).toEqual([0, 1, 0]);
  });
});

describe('the tokens that are chosen', () => {
  const scores = () =>
    tf.tensor2d([
      [0, 0.1, 0.5, 0.2, 0.4],
      [9, 3, 2, 1, 0],
    ]);

  test.each([
    [
      2,
      1,
      [
        [0, 2, 4],
        [0, 1, 2],
      ],
    ],
    [
      2,
      0,
      [
        [2, 4],
        [0, 1],
      ],
    ],
    [4, 1, [0, 0].map(() => [0, 1, 2, 3, 4])],
    [0, 1, [[0], [0]]],
  ])('%i with a prefix of %i: the best, in order, after it', (count, prefix, expected) => {
    const chosen = chosenTokens(scores(), count, prefix);
    expect(chosen.dtype).toBe('int32');
    expect(chosen.arraySync()).toEqual(expected);
  });

  test('behind several tokens that stay', () => {
    const two = () =>
      tf.tensor2d([
        [0, 0, 5, 1, 7],
        [9, 9, 1, 2, 3],
      ]);
    expect(chosenTokens(two(), 2, 2).arraySync()).toEqual([
      [0, 1, 2, 4],
      [0, 1, 3, 4],
    ]);
    expect(chosenTokens(two(), 0, 2).arraySync()).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('of equal ones are the first', () => {
    const equal = tf.tensor2d([[5, 1, 1, 1]]);
    expect(chosenTokens(equal, 2, 1).arraySync()).toEqual([[0, 1, 2]]);
  });
});
