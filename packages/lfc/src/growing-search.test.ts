import { describe, expect, test } from 'vitest';
import { growingSearch } from './growing-search.ts';

/** Runs a search over known drops and keeps the tries. */
async function run(drops: (count: number) => number, allowed: number, limit = 100, first = 1) {
  const tries: number[] = [];
  const chosen = await growingSearch({
    limit,
    first,
    allowed,
    growth: 1 / 3,
    drop: async (count) => {
      tries.push(count);
      return drops(count);
    },
  });
  return { chosen, tries };
}

test('it follows the step rule', async () => {
  // Doubling while nothing drops, at most a third of what is left; 2 - 0.5 times at half the allowance.
  expect((await run((n) => (n < 4 ? 0 : 0.5), 1)).tries.slice(0, 4)).toEqual([1, 2, 4, 6]);
  expect((await run(() => 0, 1, 10)).tries).toEqual([1, 2, 4, 6, 8, 9, 10]);
});

test.each([
  ['nothing drops', () => 0],
  ['accuracy rises', (n: number) => -n],
])('%s: all is taken out, and it ends', async (_, drops) => {
  const { chosen, tries } = await run(drops, 1);
  expect(chosen).toBe(100);
  expect(new Set(tries).size).toBe(tries.length);
});

test('what is chosen was measured and allowed', async () => {
  for (const steep of [0.01, 0.07, 0.3, 1.1]) {
    const drops = (n: number) => steep * n + Math.sin(n);
    const { chosen, tries } = await run(drops, 3);
    expect(chosen === 0 || tries.includes(chosen)).toBe(true);
    if (chosen > 0) expect(drops(chosen)).toBeLessThanOrEqual(3);
    expect(tries.length).toBeLessThan(40);
  }
});

describe('a try that drops too far', () => {
  test('is made smaller once, and measured again', async () => {
    // 1, 2, 4, 8 are allowed, 16 is not: floor((2 - 1.25) 16) = 12.
    const { chosen, tries } = await run((n) => (n <= 12 ? 0 : 1.25), 1);
    expect(tries).toEqual([1, 2, 4, 8, 16, 12]);
    expect(chosen).toBe(12);
  });

  test('the last allowed one stays where the smaller one drops too far as well', async () => {
    const { chosen, tries } = await run((n) => (n <= 8 ? 0 : 1.25), 1);
    expect(tries).toEqual([1, 2, 4, 8, 16, 12]);
    expect(chosen).toBe(8);
  });

  test('the first takes out nothing', async () => {
    expect((await run(() => 2, 1)).chosen).toBe(0);
  });
});
