import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { type CostEntry, countMacs, entriesOf, softMacs } from './cost.ts';
import { makeDim } from './dim.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const io = makeDim('io', 4);
const hidden = makeDim('hidden', 6);
const v = makeDim('v', 8, { groups: 2 });

const entries: CostEntry[] = [
  { name: 'stem', kind: 'linear', positions: 10, in: 3, out: io, kernel: 9 },
  { name: 'fc1', kind: 'linear', positions: 10, in: io, out: hidden, kernel: 1 },
  { name: 'context', kind: 'attention', positions: 100, in: v, out: 1, kernel: 1 },
  { name: 'grouped', kind: 'linear', positions: 10, in: v, out: [v, 2], kernel: 1, groups: 2 },
  { name: 'one head', kind: 'linear', positions: 10, in: { dim: v, group: 1 }, out: 5, kernel: 1 },
];

test('MACs are positions x in x out x kernel / groups, attention for itself', () => {
  const linear = 10 * 3 * 4 * 9 + 10 * 4 * 6 + (10 * 8 * 10) / 2 + 10 * 4 * 5;
  expect(countMacs(entries)).toEqual({ linear, attention: 800, total: linear + 800 });
  expect(countMacs([])).toEqual({ linear: 0, attention: 0, total: 0 });
});

test('a dimension is in the entries that read or write it, or one of its groups', () => {
  const names = (...dims: string[]) => entriesOf(entries, new Set(dims)).map((entry) => entry.name);
  expect(names('io')).toEqual(['stem', 'fc1']);
  expect(names('v')).toEqual(['context', 'grouped', 'one head']);
  expect(names('hidden', 'v')).toEqual(['fc1', 'context', 'grouped', 'one head']);
  expect(names('other')).toEqual([]);
});

describe('a view', () => {
  const view = makeDim('view', 8, { of: v, kept: [0, 1, 4, 5] });
  const reads: CostEntry = {
    name: 'read',
    kind: 'linear',
    positions: 10,
    in: view,
    out: 3,
    kernel: 1,
  };
  const soft = (sizes: Record<string, number>) =>
    softMacs(
      [reads],
      new Map(Object.entries(sizes).map(([name, n]): [string, Tensor] => [name, tf.scalar(n)])),
    ).dataSync()[0];

  test('is in the entries of the dimension that it looks at', () => {
    expect(entriesOf([...entries, reads], new Set(['view']))).toEqual([reads]);
    expect(entriesOf([reads], new Set(['v']))).toEqual([reads]);
  });

  test('has its own soft size, or shrinks as that dimension does', () => {
    expect(soft({})).toBe(10 * 4 * 3);
    expect(soft({ v: 6 })).toBeCloseTo(10 * 3 * 3, 4);
    expect(soft({ v: 6, view: 1.5 })).toBeCloseTo(10 * 1.5 * 3, 4);
  });
});

describe('soft MACs', () => {
  const soft = (sizes: Record<string, number>) => {
    const tensors = Object.entries(sizes).map(([name, n]): [string, Tensor] => [
      name,
      tf.scalar(n),
    ]);
    return softMacs(entries, new Map(tensors)).dataSync()[0];
  };

  test('at the sizes that there are, they are the MACs', () => {
    const { total } = countMacs(entries);
    expect(soft({})).toBe(total);
    expect(soft({ io: 4, hidden: 6, v: 8 })).toBe(total);
  });

  test('a size counts wherever its dimension is', () => {
    // 100 d for the scores, 10 d (d + 2) / 2, 10 (d / 2) 5.
    const others = 10 * 3 * 4 * 9 + 10 * 4 * 6;
    expect(soft({ v: 3.5 })).toBeCloseTo(others + 350 + (10 * 3.5 * 5.5) / 2 + 87.5, 3);
    const rest = countMacs(entries.slice(2)).total;
    expect(soft({ io: 2.5, hidden: 5 })).toBeCloseTo(10 * 3 * 2.5 * 9 + 10 * 2.5 * 5 + rest, 3);
  });

  test('their gradient is the cost of a channel', () => {
    const slope = tf.grad((size) => softMacs(entries, new Map([['v', size]])));
    // 100 + 10 (2 d + 2) / 2 + 25
    expect(slope(tf.scalar(3.5)).dataSync()[0]).toBeCloseTo(100 + 10 * 4.5 + 25, 4);
  });
});
