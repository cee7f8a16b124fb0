import { describe, expect, test } from 'vitest';
import { perceptron } from './testing.ts';
import { selectAbove, thresholdSelections } from './threshold-selections.ts';

const model = perceptron();
const scores = new Map([
  ['a.hidden', [0.1, 0.4, 0.2, 0.3]],
  ['b.hidden', [0.35, 0.15, 0.25]],
]);

test('what is above a threshold stays, and what is at it goes', () => {
  expect(selectAbove(model, scores, 0.2)).toEqual({ 'a.hidden': [1, 3], 'b.hidden': [0, 2] });
  expect(selectAbove(model, scores, 0.19)).toEqual({ 'a.hidden': [1, 2, 3], 'b.hidden': [0, 2] });
  // No dimension loses its last channel, which is its best.
  expect(selectAbove(model, scores, 9)).toEqual({ 'a.hidden': [1], 'b.hidden': [0] });
});

describe('all that one threshold can select', () => {
  test('is one channel fewer each, from all to the fewest', () => {
    const { length, at } = thresholdSelections(model, scores);
    expect(length).toBe(8);
    const selections = Array.from({ length }, (_, i) => at(i));
    expect(selections.map((kept) => [kept['a.hidden'], kept['b.hidden']])).toEqual([
      [
        [0, 1, 2, 3],
        [0, 1, 2],
      ],
      [
        [1, 2, 3],
        [0, 1, 2],
      ],
      [
        [1, 2, 3],
        [0, 2],
      ],
      [
        [1, 3],
        [0, 2],
      ],
      [[1, 3], [0]],
      [[1], [0]],
      [[1], [0]],
      [[1], [0]],
    ]);
  });

  test('goes by the order of the scores alone', () => {
    const monotone = new Map(
      [...scores].map(([name, own]) => [name, own.map((score) => Math.log(score) * 100)]),
    );
    const [one, two] = [thresholdSelections(model, scores), thresholdSelections(model, monotone)];
    for (let i = 0; i < one.length; i++) expect(two.at(i)).toEqual(one.at(i));
  });
});
