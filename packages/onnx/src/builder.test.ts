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
    [2, [3, 6]],
    [3, [1, 4]],
    [4, [4]],
  ]);
  const b = new OnnxBuilder('cpu', twin);
  b.batch = { input: 'image', axis: 0 };
  const x = value(1, [2, 4]);

  test('are those that differ in the twin', () => {
    expect(b.dynamicShape(x)).toEqual([undefined, 4]);
    expect(b.dynamicShape(value(9, [2, 4]))).toEqual([2, 4]);
  });

  test('are said as what they are of the batch', () => {
    expect(b.sizes(x)).toEqual(['batch', 4]);
    expect(b.sizes(value(2, [2, 4]))).toEqual(['batch', '2*batch']);
    expect(b.sizes(value(4, [3]))).toEqual(['batch + 1']);
    expect([b.fixedSize(x, 1), b.sizes(value(9, [2]))]).toEqual([4, [2]]);
  });

  test('are -1 in a reshape, or computed where there are two', () => {
    const target = b.reshapeTarget(x);
    expect(b.initializers.find(({ name }) => name === target)!.data).toEqual(
      BigInt64Array.of(-1n, 4n),
    );
    const ops = b.finish([b.reshapeTarget(value(2, [2, 4]))]).map(({ op }) => op);
    expect(ops).toEqual(['Shape', 'Shape', 'Mul', 'Concat']);
  });

  test("are computed from the input's", () => {
    const target = b.finish([b.shape(x)]);
    expect(target.map(({ op, inputs }) => [op, inputs[0]])).toEqual([
      ['Shape', 'image'],
      ['Concat', target[0]!.outputs[0]],
    ]);
    expect(target[0]!.attributes).toEqual({ start: 0, end: 1 });
    expect(b.finish([b.shape(value(4, [3]))]).map(({ op }) => op)).toEqual(['Shape', 'Add']);
    expect(b.finish([b.shape(value(9, [2, 4]))])).toEqual([]);
  });

  test('are expanded to where a full constant is needed', () => {
    const filled = b.get(uniform(1, [2, 4], 1));
    expect(b.finish([filled]).map(({ op }) => op)).toEqual(['Shape', 'Concat', 'Expand']);
  });

  test.each([
    ['get smaller', () => b.sizes(value(3, [2, 4]))],
    ['must be the same', () => b.fixedSize(x, 0)],
    [
      'are of a constant with values of its own',
      () => {
        const data = new Float32Array(8);
        return new OnnxBuilder('cpu', twin).get(value(1, [2, 4], { constant: { data } }));
      },
    ],
    ['no input has', () => new OnnxBuilder('cpu', twin).get(uniform(1, [2, 4], 1))],
  ])('ONNX_DYNAMIC where they %s', (_, run) => {
    expect(run).toThrow(expect.objectContaining({ code: 'ONNX_DYNAMIC' }));
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
