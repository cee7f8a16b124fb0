import { expect, test } from 'vitest';
import { hasPath, pathsOf, valueAt, withValue } from './dotted-path.ts';

const value = { a: { b: [1, { c: 2 }] }, d: undefined };

test('a path is found by names and places', () => {
  expect(valueAt(value, 'a.b.1.c')).toBe(2);
  expect(hasPath(value, 'd')).toBe(true);
  for (const path of ['a.x', 'a.b.2', 'a.b.1.c.d', 'toString', 'a.__proto__', ''])
    expect([path, hasPath(value, path), valueAt(value, path)]).toEqual([path, false, undefined]);
});

test('a copy has another value at a path, and the rest as it was', () => {
  const copy = withValue(value, 'a.b.1.c', 3);
  expect(copy).toEqual({ a: { b: [1, { c: 3 }] } });
  expect(value.a.b[1]).toEqual({ c: 2 });
  expect(withValue(value, 'e.f', 1)).toEqual({ ...value, e: { f: 1 } });
  expect(withValue(value, 'a.b.0', [])).toMatchObject({ a: { b: [[], { c: 2 }] } });
});

test('no path reaches the prototype of all objects', () => {
  withValue({}, '__proto__.polluted', 1);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('all paths of a value', () => {
  expect(pathsOf(value)).toEqual(['a', 'a.b', 'a.b.0', 'a.b.1', 'a.b.1.c', 'd']);
});
