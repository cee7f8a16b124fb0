import { describe, expect, test } from 'vitest';
import { Generator } from './random.ts';

test('the same seed gives the same numbers, and forks differ by name', () => {
  const draw = (generator: Generator) => Array.from({ length: 8 }, () => generator.uniform());
  expect(draw(new Generator(7))).toEqual(draw(new Generator(7)));
  expect(draw(new Generator(7).fork('a'))).toEqual(draw(new Generator(7).fork('a')));
  expect(draw(new Generator(7).fork('a'))).not.toEqual(draw(new Generator(7).fork('b')));
  expect(draw(new Generator(7))).not.toEqual(draw(new Generator(8)));
});

/** First and second numbers of 10,000 streams, and what related streams begin with. */
describe.each([
  ['neighbouring seeds', (i: number) => new Generator(i)],
  ['neighbouring negative seeds', (i: number) => new Generator(-i)],
  ['seeds that differ in high bits alone', (i: number) => new Generator(i * 2 ** 32)],
  ['forks by number', (i: number) => new Generator(0).fork(String(i))],
  ['forks of forks', (i: number) => new Generator(4).fork(`augment:${i % 100}`).fork(`${i}`)],
])('%s are independent streams', (_, stream) => {
  const n = 10_000;
  const streams = Array.from({ length: n }, (_, i) => stream(i));
  const first = streams.map((generator) => generator.uniform());
  const second = streams.map((generator) => generator.uniform());

  test('of uniform numbers', () => {
    for (const values of [first, second]) {
      const counts = new Float64Array(20);
      for (const x of values) counts[Math.floor(20 * x)]! += 1;
      const chiSquare = counts.reduce((sum, c) => sum + (c - n / 20) ** 2 / (n / 20), 0);
      expect(chiSquare).toBeLessThan(43.8); // 99.9 % of 19 degrees of freedom
    }
  });

  test('that do not follow each other', () => {
    const correlation = (a: number[], b: number[]) =>
      a.reduce((sum, x, i) => sum + 12 * (x - 0.5) * (b[i]! - 0.5), 0) / a.length;
    const bound = 4 / Math.sqrt(n - 8); // four standard errors
    expect(Math.abs(correlation(first, second))).toBeLessThan(bound);
    for (let lag = 1; lag <= 8; lag++)
      expect(Math.abs(correlation(first.slice(0, -lag), first.slice(lag)))).toBeLessThan(bound);
  });
});

test('a stream goes on from its state saved as JSON', () => {
  const generator = new Generator(1);
  for (let i = 0; i < 10; i++) generator.normal();
  const state = JSON.parse(JSON.stringify(generator.state));
  const expected = Array.from({ length: 5 }, () => generator.gumbel());
  const restored = new Generator(99);
  restored.state = state;
  expect(Array.from({ length: 5 }, () => restored.gumbel())).toEqual(expected);
});

test('normal and Gumbel numbers have their means and variances', () => {
  const generator = new Generator(3);
  const n = 40_000;
  const moments = (draw: () => number) => {
    const values = Array.from({ length: n }, draw);
    const mean = values.reduce((a, b) => a + b) / n;
    return [mean, values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n];
  };
  const [mean, variance] = moments(() => generator.normal());
  expect(mean).toBeCloseTo(0, 1);
  expect(variance).toBeCloseTo(1, 1);
  const [gumbelMean, gumbelVariance] = moments(() => generator.gumbel());
  expect(gumbelMean).toBeCloseTo(0.5772, 1);
  expect(gumbelVariance).toBeCloseTo(Math.PI ** 2 / 6, 1);
});

test('a permutation has every number once', () => {
  const order = new Generator(5).permutation(100);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
});

describe('Beta with both shapes alike', () => {
  const draws = (alpha: number, n: number) => {
    const generator = new Generator(11);
    return Float64Array.from({ length: n }, () => generator.beta(alpha));
  };

  // Mean 1/2, variance 1 / (4 (2 alpha + 1)), fourth moment 3 / (16 (2 alpha + 1) (2 alpha + 3)).
  test.each([0.01, 0.2, 1, 2, 2.001, 5, 20, 1e4])(
    '%d: mean, variance and fourth moment',
    (alpha) => {
      const n = 20_000;
      const values = draws(alpha, n);
      const moment = (power: number) => values.reduce((sum, x) => sum + (x - 0.5) ** power, 0) / n;
      const variance = 1 / (4 * (2 * alpha + 1));
      const fourth = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3));
      // Five standard errors of a mean and of a variance.
      expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(variance / n));
      expect(Math.abs(moment(2) - variance)).toBeLessThan(
        5 * Math.sqrt((fourth - variance ** 2) / n) + 1e-12,
      );
      expect(moment(4) / fourth).toBeGreaterThan(0.8);
      expect(moment(4) / fourth).toBeLessThan(1.2);
      expect(values.every((x) => x >= 0 && x <= 1)).toBe(true);
    },
  );

  // Beta(3, 3) is below x with probability x^3 (10 - 15 x + 6 x^2).
  test('3: its distribution', () => {
    const n = 20_000;
    const values = draws(3, n).sort();
    const distance = Math.max(
      ...values.map((x, i) => Math.abs((i + 0.5) / n - x ** 3 * (10 - 15 * x + 6 * x * x))),
    );
    expect(distance).toBeLessThan(1.95 / Math.sqrt(n)); // 99.9 % of Kolmogorov's statistic
  });

  test.each([1e-300, 1e-10, 1e300, Number.MAX_VALUE])('%d: it comes to an end', (alpha) => {
    const values = draws(alpha, 100);
    const ends = values.filter((x) => x < 1e-6 || x > 1 - 1e-6).length;
    const middles = values.filter((x) => Math.abs(x - 0.5) < 1e-6).length;
    expect([ends, middles]).toEqual(alpha < 1 ? [100, 0] : [0, 100]);
  });
});

describe('OPTION for numbers of which there is no draw', () => {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  const wrong = <T>(where: string, values: T[], draw: (x: T) => unknown) =>
    values.map((x) => [where, String(x), () => draw(x)] as const);
  const generator = new Generator(0);
  test.each([
    ...wrong('seed', [nan, infinity, 0.5], (x) => new Generator(x)),
    ...wrong('beta', [nan, infinity, 0, -1], (x) => generator.beta(x)),
    ...wrong('integer', [nan, infinity, 0, -1, 1.5], (x) => generator.integer(x)),
    ...wrong('permutation', [nan, infinity, -1, 1.5, 2 ** 31], (x) => generator.permutation(x)),
    ...wrong('pick', [[], [nan], [1, infinity], [2, -1], [1, nan]], (x) =>
      generator.pick(Float64Array.from(x)),
    ),
  ])('%s of %s', (where, _, draw) => {
    expect(draw).toThrow(expect.objectContaining({ code: 'OPTION', where }));
  });
});

describe('further distributions', () => {
  const n = 20_000;

  /** Whether the mean of many draws is the expected one, within five of its standard deviations. */
  const expectMean = (values: ArrayLike<number>, mean: number, variance: number) => {
    const found = Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
    expect(Math.abs(found - mean)).toBeLessThan(5 * Math.sqrt(variance / values.length));
  };

  test('whole numbers below n are equally likely', () => {
    const generator = new Generator(4);
    const counts = new Map<number, number>();
    for (let i = 0; i < n; i++) {
      const value = generator.integer(5);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
    for (const count of counts.values())
      expect(Math.abs(count - n / 5)).toBeLessThan(5 * Math.sqrt(n * 0.2 * 0.8));
    expect(new Generator(1).integer(1)).toBe(0);
  });

  test.each([n, n + 1])('%i logistic numbers have mean 0 and variance pi^2 / 3', (length) => {
    const values = new Generator(6).array(length, 'logistic');
    expect(values).toHaveLength(length);
    const variance = Math.PI ** 2 / 3;
    expectMean(values, 0, variance);
    // The fourth moment is 7 pi^4 / 15.
    expectMean(
      Array.from(values, (x) => x * x),
      variance,
      (7 * Math.PI ** 4) / 15 - variance ** 2,
    );
    const single = new Generator(7);
    expectMean(
      Array.from({ length }, () => single.logistic()),
      0,
      variance,
    );
  });

  test('an array has the numbers of the stream, one after another', () => {
    const single = new Generator(8);
    expect([...new Generator(8).array(3, 'uniform')]).toEqual(
      [0, 1, 2].map(() => Math.fround(single.uniform())),
    );
  });

  test('an index is picked in proportion to its weight, one of weight 0 never', () => {
    const generator = new Generator(9);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) counts[generator.pick(Float64Array.of(0, 1, 0, 3))]! += 1;
    expect([counts[0], counts[2]]).toEqual([0, 0]);
    expect(Math.abs(counts[3]! - 0.75 * n)).toBeLessThan(5 * Math.sqrt(n * 0.75 * 0.25));
    expect(generator.pick(Float64Array.of(0, 2, 0))).toBe(1);
  });
});
