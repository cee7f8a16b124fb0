import { expect, test } from 'vitest';
import { colourOf, HEAT, hexOf } from './colours.ts';

test('the first colours are those of Tableau, and all differ', () => {
  expect(hexOf(colourOf(0))).toBe('#4e79a7');
  expect(new Set(Array.from({ length: 150 }, (_, i) => hexOf(colourOf(i)))).size).toBe(150);
});

test('maps go from blue to red', () => {
  expect(HEAT).toHaveLength(256);
  const [low, high] = [HEAT[20]!, HEAT[240]!];
  expect(low[2]).toBeGreaterThan(low[0]);
  expect(high[0]).toBeGreaterThan(high[2]);
});
