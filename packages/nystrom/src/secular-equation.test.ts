import { describe, expect, test } from 'vitest';
import { secularRoot } from './secular-equation.ts';

const roots = (d: number[], z: number[], rho: number) =>
  d.map((_, j) => secularRoot(Float64Array.from(d), Float64Array.from(z), rho, j));

test('by hand: diag(0, 1) and a matrix of ones have the values (3 - sqrt 5) / 2 and (3 + sqrt 5) / 2', () => {
  const found = roots([0, 1], [1, 1], 1).map(({ origin, offset }) => origin + offset);
  expect(found[0]).toBeCloseTo((3 - Math.sqrt(5)) / 2, 14);
  expect(found[1]).toBeCloseTo((3 + Math.sqrt(5)) / 2, 14);
});

test('of one value it is moved by rho z^2', () =>
  expect(roots([3], [2], 0.5)).toEqual([{ origin: 0, offset: 2 }]));

describe.each([
  ['apart', [1, 2, 4, 8, 16], [0.3, 0.5, 0.1, 0.7, 0.4], 2],
  ['close together', [0, 1e-12, 2e-12, 1], [0.5, 0.5, 0.5, 0.5], 1],
  ['a tiny z', [0, 1, 2], [0.7, 1e-13, 0.7], 1],
  ['a tiny rho', [0, 1, 2], [0.6, 0.5, 0.6], 1e-14],
  ['a huge rho', [0, 1, 2], [0.6, 0.5, 0.6], 1e14],
] as const)('%s', (_, d, z, rho) => {
  const found = roots([...d], [...z], rho);

  test('each root is between its poles, from the nearer of which it is told', () => {
    const total = rho * z.reduce((sum, x) => sum + x * x, 0);
    found.forEach(({ origin, offset }, j) => {
      expect(origin === j ? offset : -offset).toBeGreaterThan(0);
      expect([j, j + 1]).toContain(origin);
      expect(Math.abs(offset)).toBeLessThanOrEqual(
        j + 1 < d.length ? (d[j + 1]! - d[j]!) / 2 : total,
      );
    });
  });

  test('their sum is the trace', () => {
    const moved = found.reduce(
      (sum, { origin, offset }, j) => sum + (d[origin]! - d[j]!) + offset,
      0,
    );
    const total = rho * z.reduce((sum, x) => sum + x * x, 0);
    expect(Math.abs(moved / total - 1)).toBeLessThan(rho < 1e-9 ? 1e-2 : 1e-12);
  });
});
