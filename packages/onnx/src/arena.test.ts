import { expect, test } from 'vitest';
import { Arena } from './arena.ts';

const MIB = 2 ** 20;

test('what is given back is taken again', () => {
  const arena = new Arena();
  for (let i = 0; i < 10; i++) arena.give(arena.take(MIB));
  expect(arena.written).toBe(MIB);
  const two = [arena.take(MIB), arena.take(MIB)];
  expect(arena.written).toBe(2 * MIB);
  expect(two.map(({ region }) => region)).toEqual([0, 1]);
});

test('neighbours that are free are one piece', () => {
  const arena = new Arena();
  // A region of 4 MiB.
  arena.give(arena.take(4 * MIB));
  const quarters = [0, 1, 2, 3].map(() => arena.take(MIB));
  expect(new Set(quarters.map(({ region }) => region))).toEqual(new Set([0]));
  for (const i of [1, 3, 2, 0]) arena.give(quarters[i]!);
  expect(arena.take(4 * MIB).region).toBe(0);
  expect(arena.written).toBe(4 * MIB);
});

test('a piece less than twice as large is given away whole, unless much would be lost', () => {
  const arena = new Arena();
  arena.give(arena.take(4 * MIB));
  expect(arena.take(3 * MIB).bytes).toBe(4 * MIB);
  const large = new Arena();
  large.give(large.take(512 * MIB));
  expect(large.take(300 * MIB).bytes).toBe(300 * MIB);
  expect(large.written).toBe(512 * MIB);
});

test('regions double up to 1 GiB, and what is larger has one of its own size', () => {
  const arena = new Arena();
  const sizes = [1, 1, 1, 1, 3, 600, 600, 1500].map((size) => arena.take(size * MIB));
  // Regions of 1, 2, 4 and 1024 MiB, and another of these.
  expect(sizes.map(({ region }) => region)).toEqual([0, 1, 1, 2, 2, 3, 4, 5]);
  expect(sizes.at(-1)!.bytes).toBe(1500 * MIB);
});

test('of two free regions of one size the newer is taken first, so that both get written to', () => {
  const arena = new Arena();
  const first = [arena.take(900 * MIB), arena.take(200 * MIB)];
  expect(arena.written).toBe(1100 * MIB);
  for (const piece of first) arena.give(piece);
  const second = [arena.take(900 * MIB), arena.take(200 * MIB)];
  expect(second.map(({ region }) => region)).toEqual([1, 0]);
  expect(arena.written).toBe(1800 * MIB);
});
