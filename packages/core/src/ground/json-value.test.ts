import { expect, test } from 'vitest';
import { isCount, isRecord, jsonCopy } from './json-value.ts';

test.each<[unknown, boolean, boolean]>([
  [0, true, false],
  [7, true, false],
  [2 ** 53 - 1, true, false],
  [2 ** 53, false, false],
  [-1, false, false],
  [0.5, false, false],
  [Number.NaN, false, false],
  ['7', false, false],
  [true, false, false],
  [null, false, false],
  [undefined, false, false],
  [[], false, false],
  [[7], false, false],
  [{}, false, true],
  [{ length: 0 }, false, true],
])('%j: a count %j, a record %j', (value, count, record) => {
  expect(isCount(value)).toBe(count);
  expect(isRecord(value)).toBe(record);
});

test('what is JSON is copied, without fields that are undefined', () => {
  const value = { a: [1, 'x', null, { b: true }], none: undefined, bare: Object.create(null) };
  const { copy, problems } = jsonCopy(value, 'x');
  expect(problems).toEqual([]);
  expect(copy).toEqual({ a: [1, 'x', null, { b: true }], bare: {} });
  expect(copy).not.toBe(value);
});

const deep = (levels: number): object =>
  Array.from({ length: levels }).reduce<object>((inner) => [inner], []);
const cyclic: Record<string, unknown> = {};
cyclic.a = { b: [cyclic], c: cyclic };

test.each<[unknown, string[]]>([
  [Number.NaN, ['x: NaN']],
  [{ a: [1, Number.POSITIVE_INFINITY], b: () => 0 }, ['a.1: Infinity', 'b: a function']],
  [{ a: Symbol('s'), b: 1n }, ['a: a symbol', 'b: a bigint']],
  [{ a: new Date(0), b: new Map() }, ['a: an object of a class', 'b: an object of a class']],
  [JSON.parse('{"a":{"__proto__":{}}}'), ['a: a field named __proto__']],
  [
    Object.defineProperty({}, 'a', { enumerable: true, get: () => (cyclic.no as () => void)() }),
    ['x: cyclic.no is not a function'],
  ],
  [cyclic, ['a.b.0: a value that it lies in', 'a.c: a value that it lies in']],
])('no JSON: case %#', (value, problems) => {
  expect(jsonCopy(value, 'x').problems).toEqual(problems);
});

test('as deep as JSON that is read, and no deeper', () => {
  expect(jsonCopy(deep(126), 'x').problems).toEqual([]);
  expect(jsonCopy(deep(127), 'x').problems).toEqual([
    expect.stringContaining('more than 127 lists and objects nested'),
  ]);
});
