import { expect, test } from 'vitest';
import { firstWhere } from './bisection.ts';

test('finds the first, or says the length, in as few questions as bisection needs', async () => {
  for (let length = 0; length <= 9; length++)
    for (let first = 0; first <= length; first++) {
      const asked: number[] = [];
      const found = await firstWhere(length, async (i) => {
        asked.push(i);
        return i >= first;
      });
      expect([length, found]).toEqual([length, first]);
      expect(asked.length).toBeLessThanOrEqual(Math.ceil(Math.log2(length + 1)));
      expect(asked.every((i) => i >= 0 && i < length)).toBe(true);
    }
});

test('where it goes back and forth, one that holds after one that does not', async () => {
  const length = 7;
  for (let pattern = 0; pattern < 2 ** length; pattern++) {
    const holds = (i: number) => ((pattern >> i) & 1) === 1;
    const found = await firstWhere(length, async (i) => holds(i));
    expect(found === length || holds(found)).toBe(true);
    expect(found === 0 || !holds(found - 1)).toBe(true);
  }
});
