import { describe, expect, test } from 'vitest';
import { encodeModel, type OnnxGraph } from './proto.ts';

/*
 * Protocol Buffers' wire format: a tag is field * 8 + type, of which 0 is a varint, 2 a length and so many bytes, and
 * 5 four bytes. The field numbers are those of onnx.proto.
 */

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
/** A field of bytes that are fewer than 128. */
const bytes = (field: number, ...content: number[]) => [field * 8 + 2, content.length, ...content];
const text = (field: number, value: string) => bytes(field, ...ascii(value));
const varint = (field: number, value: number) => [field * 8, value];

const relu = { op: 'Relu', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} };
const graph: OnnxGraph = {
  name: 'g',
  nodes: [relu],
  initializers: [],
  inputs: [{ name: 'x', dtype: 'float32', shape: [2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [2] }],
};
const encode = (change: Partial<OnnxGraph> = {}) => [...encodeModel({ ...graph, ...change })];

/** Whether bytes come one after another within others. */
const contains = (whole: readonly number[], part: readonly number[]) =>
  `,${whole.join()},`.includes(`,${part.join()},`);

test('a graph of one node, byte by byte', () => {
  const shape = bytes(2, ...bytes(1, ...varint(1, 2)));
  const type = bytes(2, ...bytes(1, ...varint(1, 1), ...shape));
  const body = [
    ...bytes(1, ...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Relu'), ...text(7, '')),
    ...text(2, 'g'),
    ...bytes(11, ...text(1, 'x'), ...type),
    ...bytes(12, ...text(1, 'y'), ...type),
  ];
  expect(encode()).toEqual([
    ...varint(1, 9),
    ...text(2, '@kcr/onnx'),
    ...bytes(7, ...body),
    ...bytes(8, ...text(1, ''), ...varint(2, 20)),
  ]);
  // The same without the helpers above, to its first bytes.
  expect(encode().slice(0, 20)).toEqual([
    ...[0x08, 0x09, 0x12, 0x09, ...ascii('@kcr/onnx'), 0x3a, 0x35],
    ...[0x0a, 0x0e, 0x0a, 0x01, 0x78],
  ]);
});

describe('attributes', () => {
  // Field 20, the type, has a tag of two bytes: 160 is 0xa0 0x01 as a varint.
  const kind = (type: number) => [0xa0, 0x01, type];
  test.each([
    ['an integer', 3, [...varint(3, 3), ...kind(2)]],
    ['a text', 'ab', [...text(4, 'ab'), ...kind(3)]],
    // 0.5 is 0x3f000000, least byte first.
    ['a number', { float: 0.5 }, [0x15, 0, 0, 0, 0x3f, ...kind(1)]],
    // -1 is 64 ones: nine bytes of seven, and one more.
    ['integers', [1, -1], [0x40, 1, 0x40, ...Array<number>(9).fill(0xff), 1, ...kind(7)]],
    ['no integers', [], kind(7)],
  ])('%s', (_, value, expected) => {
    const nodes = [{ ...relu, attributes: { k: value } }];
    expect(contains(encode({ nodes }), bytes(5, ...text(1, 'k'), ...expected))).toBe(true);
  });
});

describe('initializers', () => {
  test.each([
    ['float32', Float32Array.of(1, -2), 1, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]],
    ['int32', Int32Array.of(1, -1), 6, [1, 0, 0, 0, 255, 255, 255, 255]],
    [
      'int64',
      BigInt64Array.of(258n, -1n),
      7,
      [2, 1, 0, 0, 0, 0, 0, 0, ...Array<number>(8).fill(255)],
    ],
    ['bool', Uint8Array.of(1, 0), 9, [1, 0]],
  ] as const)('of %s', (dtype, data, type, raw) => {
    const initializers = [{ name: 'w', dtype, shape: [2], data }];
    const expected = [...varint(1, 2), ...varint(2, type), ...text(8, 'w'), ...bytes(9, ...raw)];
    expect(contains(encode({ initializers }), bytes(5, ...expected))).toBe(true);
  });

  test('that are a part of a larger buffer have that part alone', () => {
    const data = Uint8Array.of(7, 8, 9).subarray(1, 2);
    const initializers = [{ name: 'w', dtype: 'bool' as const, shape: [1], data }];
    expect(contains(encode({ initializers }), [...text(8, 'w'), ...bytes(9, 8)])).toBe(true);
  });

  test('that are scalars have no sizes', () => {
    const initializers = [{ name: 'w', dtype: 'bool' as const, shape: [], data: Uint8Array.of(1) }];
    const expected = [...varint(2, 9), ...text(8, 'w'), ...bytes(9, 1)];
    expect(contains(encode({ initializers }), bytes(5, ...expected))).toBe(true);
  });
});

test('a size may have a name, and an output may be a sequence', () => {
  const inputs = [{ name: 'x', dtype: 'int32' as const, shape: ['batch', 3] }];
  const sizes = [...bytes(1, ...text(2, 'batch')), ...bytes(1, ...varint(1, 3))];
  const type = bytes(1, ...varint(1, 6), ...bytes(2, ...sizes));
  expect(contains(encode({ inputs }), [...text(1, 'x'), ...bytes(2, ...type)])).toBe(true);
  const outputs = [{ name: 's', dtype: 'float32' as const, shape: [], sequence: true }];
  const sequence = bytes(4, ...bytes(1, ...bytes(1, ...varint(1, 1))));
  expect(contains(encode({ outputs }), [...text(1, 's'), ...bytes(2, ...sequence)])).toBe(true);
});

test('each operator set beside ONNX itself is said once', () => {
  const own = { ...relu, domain: 'com.microsoft' };
  const set = bytes(8, ...text(1, 'com.microsoft'), ...varint(2, 1));
  const whole = encode({ nodes: [own, relu, own] });
  expect(whole.slice(-set.length)).toEqual(set);
  expect(contains(whole.slice(0, -set.length), set)).toBe(false);
});

test('names of other alphabets are UTF-8', () => {
  const name = 'é';
  expect(contains(encode({ name }), [0x12, 0x02, 0xc3, 0xa9])).toBe(true);
});
