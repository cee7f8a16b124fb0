import { float32, Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { engines, runOn } from '../testing.ts';
import { hardest, sample } from './sampling.ts';

const N = 40;

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test.each([
    [10, 0.5, [7, 20]],
    [10, 0.5, [3, 20]],
    [10, 0.5, [0, 20]],
    [30, 0.25, [7, 12]],
  ] as const)('a sample of %i with at most %d positive, of %j', async (count, share, [p, n]) => {
    const positive = Array.from({ length: N }, (__, i) => (i < p ? 1 : 0));
    const negative = Array.from({ length: N }, (__, i) => (i >= p && i < p + n ? 1 : 0));
    const out = await runOn(
      makeEngine,
      (inputs) =>
        sample({ positive: inputs.positive!, negative: inputs.negative! }, inputs.noise!, {
          count,
          positiveShare: share,
        }),
      {
        positive: float32([1, N], positive),
        negative: float32([1, N], negative),
        noise: float32([1, N], new Generator(1).array(N, 'uniform')),
      },
    );
    const sum = (data: ArrayLike<number>) => Array.from(data).reduce((a, b) => a + b);
    const positives = Math.min(p, count * share);
    expect(sum(out.positive!.data)).toBe(Math.floor(positives));
    expect(sum(out.negative!.data)).toBe(Math.min(n, count - Math.floor(positives)));
    out.positive!.data.forEach((x, i) => expect(x).toBeLessThanOrEqual(positive[i]!));
    out.negative!.data.forEach((x, i) => expect(x).toBeLessThanOrEqual(negative[i]!));
  });

  test('the hardest are the largest, none where none are asked for', async () => {
    const values = float32([3, 5], [1, 5, 0, 3, 2, 0, 0, 7, 0, 0, 4, 3, 2, 1, 6]);
    const count = float32([3, 1], [2, 4, 0]);
    const out = await runOn(
      makeEngine,
      (inputs) => ({ y: hardest(inputs.values!, inputs.count!) }),
      {
        values,
        count,
      },
    );
    expect([...out.y!.data]).toEqual([0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });
});
