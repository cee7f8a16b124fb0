import type { Value } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { OnnxBuilder } from './builder.ts';

const value = (id: number, shape: number[], more: Partial<Value> = {}): Value => ({
  id,
  shape,
  dtype: 'float32',
  ...more,
});
const uniform = (id: number, shape: number[], number: number) =>
  value(id, shape, { constant: { uniform: number } });

describe('constants', () => {
  test('that are equal are stored once, in type, shape and values', () => {
    const b = new OnnxBuilder('cpu');
    const one = b.scalar(1);
    expect(b.scalar(1)).toBe(one);
    const names = [
      one,
      b.scalar(2),
      b.scalar(1, 'int32'),
      b.initializer('float32', [1], Float32Array.of(1)),
      b.int32([1]),
      b.int64([1]),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(b.initializers).toHaveLength(names.length);
    expect(b.initializers.at(-1)!.data).toEqual(BigInt64Array.of(1n));
  });

  test('that are large are stored as they come', () => {
    const b = new OnnxBuilder('cpu');
    const large = () => b.initializer('float32', [4097], new Float32Array(4097));
    expect(large()).not.toBe(large());
  });

  test('of one number stay small until their shape is needed', () => {
    const b = new OnnxBuilder('cpu');
    const ones = uniform(1, [2, 3], 1);
    expect([b.isLazy(ones), b.isNumber(ones)]).toEqual([true, true]);
    const small = b.broadcastable(ones);
    expect(b.initializers.find(({ name }) => name === small)!.shape).toEqual([]);
    const full = b.get(ones);
    expect(full).not.toBe(small);
    expect(b.get(ones)).toBe(full);
    expect(b.finish([full]).map(({ op }) => op)).toEqual(['Expand']);
    const scalar = uniform(2, [], 1);
    expect([b.isLazy(scalar), b.get(scalar)]).toEqual([false, small]);
  });

  test('ONNX_VALUE for a value that nothing gives', () => {
    expect(() => new OnnxBuilder('cpu').get(value(3, [2]))).toThrow(
      expect.objectContaining({ code: 'ONNX_VALUE', where: 'value 3' }),
    );
  });
});

describe('sizes that depend on the batch', () => {
  const twin = new Map([
    [1, [3, 4]],
    [2, [3, 3]],
  ]);
  const b = new OnnxBuilder('cpu', twin);
  const x = value(1, [2, 4]);

  test('are those that differ in the twin', () => {
    expect(b.dynamicShape(x)).toEqual([undefined, 4]);
    expect(b.dynamicShape(value(9, [2, 4]))).toEqual([2, 4]);
  });

  test('are -1 in a reshape, at most one', () => {
    const target = b.reshapeTarget(x);
    expect(b.initializers.find(({ name }) => name === target)!.data).toEqual(
      BigInt64Array.of(-1n, 4n),
    );
    expect(() => b.reshapeTarget(value(2, [2, 2]))).toThrow(
      expect.objectContaining({ code: 'ONNX_DYNAMIC', where: 'a value of shape [2, 2]' }),
    );
  });

  test('are read from a value that has them', () => {
    b.bind(x, 'x');
    const ops = b.finish([b.shape(x, x)]).map(({ op }) => op);
    expect(ops).toEqual(['Shape', 'Gather', 'Concat']);
    expect(b.finish([b.shape(value(9, [2, 4]), x)])).toEqual([]);
  });

  test('cannot be filled with one number', () => {
    const filled = uniform(1, [2, 4], 1);
    expect(() => new OnnxBuilder('cpu', twin).get(filled)).toThrow(
      expect.objectContaining({ code: 'ONNX_DYNAMIC' }),
    );
  });
});

describe('outputs', () => {
  const [x, y] = [value(1, [2]), value(2, [2])];
  const relu = () => {
    const b = new OnnxBuilder('cpu');
    b.bind(x, 'x');
    b.bind(y, b.node('Relu', ['x']));
    return b;
  };

  test('are written by the node that makes them', () => {
    const b = relu();
    b.node('Neg', ['x']);
    b.output('y', y);
    expect(b.finish(['y'])).toEqual([
      { op: 'Relu', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} },
    ]);
  });

  test('of a value that is one already, or an input, are copies', () => {
    const b = relu();
    b.output('y', y);
    b.output('again', y);
    b.output('same', x);
    const nodes = b.finish(['y', 'again', 'same']);
    expect(nodes.map(({ op, inputs, outputs }) => [op, inputs[0], outputs[0]])).toEqual([
      ['Relu', 'x', 'y'],
      ['Identity', 'y', 'again'],
      ['Identity', 'x', 'same'],
    ]);
  });

  test('take those nodes alone that they need, in order', () => {
    const b = relu();
    const negative = b.node('Neg', [b.get(y)]);
    b.node('Exp', [negative]);
    expect(b.finish([negative]).map(({ op }) => op)).toEqual(['Relu', 'Neg']);
  });
});

test('a feature map fits blocks of its channels, if its size is fixed', () => {
  const twin = new Map([[2, [3, 4, 4, 16]]]);
  const b = new OnnxBuilder('cpu', twin, 8);
  expect(b.canBlock(value(1, [2, 4, 4, 16]))).toBe(true);
  expect(b.canBlock(value(1, [2, 4, 4, 12]))).toBe(false);
  expect(b.canBlock(value(1, [4, 4, 16]))).toBe(false);
  expect(b.canBlock(value(2, [2, 4, 4, 16]))).toBe(false);
  expect(b.canBlock(uniform(3, [2, 4, 4, 16], 1))).toBe(false);
  expect(new OnnxBuilder('cpu').canBlock(value(1, [2, 4, 4, 16]))).toBe(false);
});

test('a map in blocks is reordered where its own layout is asked for, once', () => {
  const b = new OnnxBuilder('cpu', undefined, 8);
  const map = value(1, [1, 2, 2, 8]);
  b.bindBlocked(map, 'blocked');
  expect([b.isBound(map), b.isBlocked(map), b.blocked(map)]).toEqual([true, true, 'blocked']);
  const plain = b.get(map);
  expect(b.get(map)).toBe(plain);
  expect(b.isBlocked(map)).toBe(false);
  expect(b.blocked(map)).toBe('blocked');
  expect(b.finish([plain])).toMatchObject([
    { op: 'ReorderOutput', inputs: ['blocked'], attributes: { channels_last: 1, channels: 8 } },
  ]);
});
