import { expect, test } from 'vitest';
import { tinyModel } from '../testing/tiny.ts';
import { schedules } from './schedules.ts';

test('schedules by their names choose from all dimensions at once, in rounds or block by block', async () => {
  const model = await tinyModel({ depth: 2 });
  const stepsOf = (name: keyof typeof schedules, rounds = 3) =>
    schedules[name](rounds).steps(model, ['hidden']);
  const hidden = ['blocks.0.mlp.hidden', 'blocks.1.mlp.hidden'];
  expect(stepsOf('one-shot').map(({ dims, progress }) => [dims, progress])).toEqual([[hidden, 1]]);
  expect(stepsOf('iterative').map(({ progress }) => progress)).toEqual([1 / 3, 2 / 3, 1]);
  expect(stepsOf('geometric').map(({ progress, path }) => [progress, path])).toEqual(
    [1 / 3, 2 / 3, 1].map((progress) => [progress, 'geometric']),
  );
  for (const { dims } of stepsOf('iterative')) expect(dims).toEqual(hidden);
  expect(stepsOf('blockwise').map(({ dims }) => dims)).toEqual([[hidden[0]], [hidden[1]]]);
  expect(stepsOf('blockwise-top-down').map(({ dims }) => dims)).toEqual([[hidden[1]], [hidden[0]]]);
});
