import { describe, expect, test } from 'vitest';
import { type OptionRanges, wholeFrom, withDefaults } from './config.ts';

const defaults = { depth: 12, width: 64, scales: [5] };

test('what is given replaces the default, and the defaults stay as they are', () => {
  expect(withDefaults('vit', defaults, { depth: 0, scales: [] })).toEqual({
    depth: 0,
    width: 64,
    scales: [],
  });
  expect(withDefaults('vit', defaults, {})).toEqual(defaults);
  expect(defaults).toEqual({ depth: 12, width: 64, scales: [5] });
});

test('all options that there are not are named, with those that there are', () => {
  const config: Partial<typeof defaults> & Record<string, unknown> = { depths: 1, depth: 2, x: 0 };
  expect(() => withDefaults<typeof defaults>('vit', defaults, config)).toThrow(
    expect.objectContaining({
      code: 'MODEL_CONFIG',
      where: 'vit',
      found: 'unknown option depths, x',
      fix: 'Use depth, width, scales',
    }),
  );
});

describe('options have the types of the defaults and lie in their ranges', () => {
  const all = {
    depth: 12,
    ratio: 4,
    bias: true,
    head: null as number | null,
    sizes: [1, 2],
    name: 'x',
  };
  const ranges: OptionRanges<typeof all> = {
    depth: wholeFrom(1, 100),
    ratio: { min: 0.5, max: 8 },
    head: wholeFrom(1, 64),
    sizes: wholeFrom(0, 9, [2, 3]),
  };
  const given = (change: object) => withDefaults('net', all, change as Partial<typeof all>, ranges);

  test.each([
    { depth: 1 },
    { depth: 100 },
    { ratio: 0.5 },
    { ratio: 8 },
    { bias: false },
    { head: 64 },
    { sizes: [0, 9, 3] },
    { name: 'what it is, is for the architecture to check' },
  ])('%o', (change) => {
    expect(given(change)).toEqual({ ...all, ...change });
  });

  test.each<[object, string]>([
    [{ depth: 0 }, 'depth is 0 instead of a whole number from 1 to 100'],
    [{ depth: 101 }, 'depth is 101 instead of'],
    [{ depth: 1e7 }, 'depth is 10000000 instead of'],
    [{ depth: 1.5 }, 'depth is 1.5 instead of'],
    [{ depth: '2' }, 'depth is "2" instead of'],
    [{ depth: null }, 'depth is null instead of'],
    [{ depth: Number.NaN }, 'depth is null instead of'],
    [{ depth: undefined }, 'depth is undefined instead of'],
    [{ ratio: 8.1 }, 'ratio is 8.1 instead of a number from 0.5 to 8'],
    [{ ratio: Number.POSITIVE_INFINITY }, 'ratio is null'],
    [{ bias: 1 }, 'bias is 1 instead of true or false'],
    [{ head: 65 }, 'head is 65 instead of null or a whole number from 1 to 64'],
    [{ sizes: [1] }, 'sizes is [1] instead of a list of 2 to 3, each a whole number from 0 to 9'],
    [{ sizes: [1, 10] }, 'sizes is [1,10]'],
    [{ sizes: 3 }, 'sizes is 3'],
    [{ sizes: { length: 2 } }, 'sizes is {"length":2}'],
    [
      { depth: 0, bias: 'no', sizes: [] },
      'depth is 0 instead of a whole number from 1 to 100; bias is "no" instead of true or false; sizes is []',
    ],
    [JSON.parse('{"__proto__":{"depth":1}}'), 'unknown option __proto__'],
    [{ toString: 1, constructor: 2 }, 'unknown option toString, constructor'],
    [[], 'options that are no object'],
  ])('%o is refused', (change, found) => {
    expect(() => given(change)).toThrow(
      expect.objectContaining({
        code: 'MODEL_CONFIG',
        where: 'net',
        found: expect.stringContaining(found),
      }),
    );
  });

  test('without a range numbers are bounded all the same', () => {
    const free = { size: 1, sizes: [1] };
    const most = 2 ** 16;
    expect(withDefaults('net', free, { size: -most }).size).toBe(-most);
    for (const change of [{ size: most + 1 }, { sizes: [1e9] }, { sizes: Array(1025).fill(1) }])
      expect(() => withDefaults('net', free, change)).toThrow(/MODEL_CONFIG|instead of/);
  });
});
