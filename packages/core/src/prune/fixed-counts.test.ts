import { expect, test } from 'vitest';
import { countsLeft, fixedCounts } from './fixed-counts.ts';
import { prune } from './prune.ts';
import { allocation, perceptron } from './testing.ts';

const model = perceptron();
const scores = { 'a.hidden': [0.1, 0.4, 0.3, 0.2], 'b.hidden': [3, 2, 1] };

test.each([
  [{ 'a.hidden': 2, 'b.hidden': 1 }, 1, { 'a.hidden': [1, 2], 'b.hidden': [0] }],
  [{ 'a.hidden': 2 }, 1, { 'a.hidden': [1, 2], 'b.hidden': [0, 1, 2] }],
  // Half of the way from 4 to 2.
  [{ 'a.hidden': 2 }, 0.5, { 'a.hidden': [1, 2, 3], 'b.hidden': [0, 1, 2] }],
  [{ 'a.hidden': 9 }, 1, { 'a.hidden': [0, 1, 2, 3], 'b.hidden': [0, 1, 2] }],
])('%j, %f of the way', async (counts, progress, kept) => {
  const given = allocation(model, scores, { progress });
  expect(await fixedCounts({ counts }).allocate(given)).toEqual(kept);
});

test('what one model has left is what another gets', async () => {
  const left = countsLeft(prune(model, { 'a.hidden': [0, 3], 'b.hidden': [2] }));
  expect(left).toEqual({ 'a.hidden': 2, 'b.hidden': 1 });
  const kept = await fixedCounts({ counts: left }).allocate(allocation(model, scores));
  expect(countsLeft(prune(model, kept))).toEqual(left);
});

test('OPTION for counts out of range, and for a name that the model does not have', async () => {
  for (const count of [0, -1, 1.5, Number.NaN])
    expect(() => fixedCounts({ counts: { 'a.hidden': count } })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'fixedCounts, a.hidden' }),
    );
  await expect(
    fixedCounts({ counts: { nothing: 1 } }).allocate(allocation(model, scores)),
  ).rejects.toMatchObject({ code: 'OPTION', found: 'nothing', fix: /a\.hidden, b\.hidden/ });
});
