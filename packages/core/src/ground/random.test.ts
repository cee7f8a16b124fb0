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
