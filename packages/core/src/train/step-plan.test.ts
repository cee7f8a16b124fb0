import { expect, test } from 'vitest';
import { inTurn } from './step-plan.ts';
import type { Group } from './trainer.ts';

const steps = (group: Group, n: number) =>
  Array.from({ length: n }, (_, i) => ({ group, indices: Int32Array.of(i) }));

test.each([
  [7, 3, 'WWAWWAWWAW'],
  [2, 4, 'WAAWAA'],
  [3, 0, 'WWW'],
  [0, 3, 'AAA'],
  [0, 0, ''],
])('%d steps of the weights and %d of the architecture', (weights, architecture, turns) => {
  const plan = inTurn(steps('weights', weights), steps('architecture', architecture));
  expect(plan.map(({ group }) => group[0]!.toUpperCase()).join('')).toBe(turns);
  const own = plan.filter(({ group }) => group === 'architecture');
  expect(own.map(({ indices }) => indices[0])).toEqual([...Array(architecture).keys()]);
});
