import { describe, expect, test } from 'vitest';
import type { DataType } from '../ground/array.ts';
import type { Constant, Value } from './graph.ts';
import { simplify } from './simplify.ts';

let id = 0;
const value = (shape: number[], dtype: DataType = 'float32', constant?: Constant): Value => ({
  id: id++,
  shape,
  dtype,
  constant,
});
const uniform = (number: number, shape: number[] = []) =>
  value(shape, 'float32', { uniform: number });

const x = value([2, 3]);
const row = value([3]);
const integers = value([2, 3], 'int32');

/** What a call simplifies to: the name of an input, or nothing. */
function simplified(kernel: string, inputs: Record<string, Value>, attrs: object = {}) {
  const found = simplify({ kernel, inputs, attrs: { ...attrs } });
  return Object.keys(inputs).find((name) => inputs[name] === found) ?? found;
}

test.each<[string, Value, object, string | undefined]>([
  ['Identity', x, {}, 'x'],
  ['Cast', x, { dtype: 'float32' }, 'x'],
  ['Cast', x, { dtype: 'int32' }, undefined],
  ['Cast', integers, { dtype: 'int32' }, 'x'],
  ['Reshape', x, { shape: [2, 3] }, 'x'],
  ['Reshape', x, { shape: [3, 2] }, undefined],
  ['Reshape', x, { shape: [2, 3, 1] }, undefined],
  ['Transpose', x, { perm: [0, 1] }, 'x'],
  ['Transpose', x, { perm: [1, 0] }, undefined],
  ['Neg', x, {}, undefined],
])('%s of %o with %o: %s', (kernel, of, attrs, expected) => {
  expect(simplified(kernel, { x: of }, attrs)).toBe(expected);
});

describe('neutral numbers', () => {
  test.each<[string, Value, Value, string | undefined]>([
    ['Add', x, uniform(0), 'a'],
    ['Add', uniform(0), x, 'b'],
    ['Add', x, uniform(1), undefined],
    ['Multiply', x, uniform(1), 'a'],
    ['Multiply', uniform(1), x, 'b'],
    ['Multiply', x, uniform(0), undefined],
    ['Sub', x, uniform(0), 'a'],
    ['Sub', uniform(0), x, undefined],
    ['RealDiv', x, uniform(1), 'a'],
    ['RealDiv', uniform(1), x, undefined],
    ['Maximum', x, uniform(0), undefined],
    ['Add', x, x, undefined],
  ])('%s', (kernel, a, b, expected) => {
    expect(simplified(kernel, { a, b })).toBe(expected);
  });

  test.each<[string, Value, Value, string | undefined]>([
    ['of the same shape', x, uniform(0, [2, 3]), 'a'],
    ['along the rows', x, uniform(0, [3]), 'a'],
    ['along the columns', x, uniform(0, [2, 1]), 'a'],
    ['that would repeat the rows', row, uniform(0, [2, 3]), undefined],
    ['that would widen an axis of 1', value([2, 1]), uniform(0, [3]), undefined],
    ['with an axis more', row, uniform(0, [1, 3]), undefined],
  ])('a constant %s', (_, a, b, expected) => {
    expect(simplified('Add', { a, b })).toBe(expected);
    expect(simplified('Sub', { a, b })).toBe(expected);
  });

  test('integers stay, since a float constant would change their type', () => {
    expect(simplified('Multiply', { a: integers, b: uniform(1) })).toBeUndefined();
  });

  test('data that vary are no number', () => {
    const data = value([2], 'float32', { data: Float32Array.of(0, 0.5) });
    expect(simplified('Add', { a: value([2]), b: data })).toBeUndefined();
  });
});
