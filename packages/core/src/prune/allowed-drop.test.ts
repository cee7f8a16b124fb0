import { describe, expect, test } from 'vitest';
import type { Model } from '../model/model.ts';
import type { AllocationContext } from './allocator.ts';
import { allowedDrop } from './allowed-drop.ts';
import { prune, pruneState } from './prune.ts';
import { allocation, perceptron, someWeights } from './testing.ts';

const model = perceptron();

/** Channels go in the order a0, b0, a1, b1, a2, and then no more. */
const scores = { 'a.hidden': [0.1, 0.2, 0.3, 0.4], 'b.hidden': [0.15, 0.25, 0.35] };

/** An accuracy of 0.95 that loses 0.1 with each of the 7 channels. */
const accuracy = async ({ dims }: Model) =>
  0.95 - 0.1 * (7 - dims.get('a.hidden')!.size - dims.get('b.hidden')!.size);

async function allocate(points: number, change: Partial<AllocationContext> = {}) {
  const kept = await allowedDrop({ points }).allocate(
    allocation(model, scores, { accuracy, ...change }),
  );
  return Object.values(kept).map(({ length }) => length);
}

describe('the fewest channels with at most so many points less', () => {
  test.each([
    [0, [4, 3]],
    [9, [4, 3]],
    [11, [3, 3]],
    [25, [3, 2]],
    [51, [1, 1]],
    [100, [1, 1]],
  ])('%i points', async (points, expected) => {
    expect(await allocate(points)).toEqual(expected);
  });

  test('are those with the best scores', async () => {
    const given = allocation(model, scores, { accuracy });
    expect(await allowedDrop({ points: 35 }).allocate(given)).toEqual({
      'a.hidden': [2, 3],
      'b.hidden': [1, 2],
    });
  });

  test('part of the way, part of the points', async () => {
    expect(await allocate(25, { progress: 0.5 })).toEqual([3, 3]);
  });

  test('points count from the whole model, which is measured with its own weights', async () => {
    const pruned = prune(model, { 'a.hidden': [1, 2, 3] });
    const weights = pruneState(model, pruned, someWeights(model));
    const wholeWeights = someWeights(model);
    const given = allocation(
      pruned,
      { 'a.hidden': [2, 3, 4], 'b.hidden': [1, 5, 6] },
      {
        whole: model,
        weights,
        wholeWeights,
        async accuracy(measured, state) {
          measured.checkState(state, 'accuracy');
          if (measured === model) expect(state).toBe(wholeWeights);
          return accuracy(measured);
        },
      },
    );
    const kept = await allowedDrop({ points: 25 }).allocate(given);
    expect(kept).toEqual({ 'a.hidden': [0, 1, 2], 'b.hidden': [1, 2] });
  });

  test('all, where the model has lost more already', async () => {
    const given = allocation(prune(model, { 'a.hidden': [3] }), { 'b.hidden': [1, 2, 3] });
    const kept = await allowedDrop({ points: 20 }).allocate({ ...given, whole: model, accuracy });
    expect(kept).toEqual({ 'b.hidden': [0, 1, 2] });
  });
});

test('block by block the drop that is left is shared among the dimensions that are', async () => {
  // Of 45 points a quarter: 11, one channel. Of two dimensions half: 22, two channels.
  const later = ['b.hidden', 'c', 'd'];
  const one = { 'a.hidden': scores['a.hidden'] };
  const drop = allowedDrop({ points: 45 });
  const first = await drop.allocate(allocation(model, one, { accuracy, later }));
  expect(first).toEqual({ 'a.hidden': [1, 2, 3] });
  const second = await drop.allocate(allocation(model, one, { accuracy, later: ['b.hidden'] }));
  expect(second).toEqual({ 'a.hidden': [2, 3] });
});

test.each([-1, 101, Number.NaN])('OPTION: %f points', (points) => {
  expect(() => allowedDrop({ points })).toThrow(
    expect.objectContaining({ code: 'OPTION', where: 'drop, points', found: String(points) }),
  );
});
