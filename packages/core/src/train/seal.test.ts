import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { float32 } from '../ground/array.ts';
import { parseState, seal, unseal } from './seal.ts';

test('the checksum is SHA-256 of the JSON, then of each array by name: what it is, and its bytes', () => {
  const hash = createHash('sha256').update('{"a":1}');
  hash.update('["x","float32",[2]]').update(Buffer.from('0000803f00000040', 'hex'));
  hash.update('["y","float32",[]]').update(Buffer.from('00000000', 'hex'));
  const arrays = { y: float32([]), x: float32([2], [1, 2]) };
  expect(seal({ a: 1, b: undefined }, arrays)).toEqual({ a: 1, checksum: hash.digest('hex') });
});

test('what was sealed is opened again, after a way through JSON too', () => {
  const value = { a: [1, { b: null }], 2: 'x', 1: -0.5, n: Number.NaN };
  const sealed = JSON.parse(JSON.stringify(seal(value)));
  expect(unseal('f', sealed)).toEqual({ a: [1, { b: null }], 2: 'x', 1: -0.5, n: null });
});

test.each<[string, unknown]>([
  ['another value', { ...seal({ a: 1 }), a: 2 }],
  ['a field more', { ...seal({ a: 1 }), b: 2 }],
  ['a field less', { checksum: seal({ a: 1 }).checksum }],
  ['no checksum', { a: 1 }],
  ['a checksum that is no text', { a: 1, checksum: 1 }],
  ['no object', null],
  ['a list', []],
])('STATE_DAMAGED: %s', (_, value) => {
  expect(() => unseal('the file', value)).toThrow(
    expect.objectContaining({ code: 'STATE_DAMAGED', where: 'the file' }),
  );
});

test('STATE_DAMAGED: text that is no JSON, or nested deeper than a checksum can be taken of', () => {
  expect(parseState('f', '{"a":1}')).toEqual({ a: 1 });
  for (const text of ['{"a":', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`])
    expect(() => parseState('f', text)).toThrow(
      expect.objectContaining({ code: 'STATE_DAMAGED', where: 'f' }),
    );
});
