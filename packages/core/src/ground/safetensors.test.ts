import { describe, expect, test } from 'vitest';
import { float32, int32 } from './array.ts';
import { decodeSafetensors, encodeSafetensors, type SafetensorsType } from './safetensors.ts';

const metadata = { note: 'x' };

/** A file with this header text and this many data bytes. */
function fileOf(header: string, dataBytes: number, length = header.length): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

describe('round trips', () => {
  const values = [0, -0, 1, -1.5, 65504, 2 ** -24, 2 ** -14, 0.333251953125, 1e-8];
  test.each<[SafetensorsType, number[]]>([
    ['F32', [...values, 1e30, Number.NaN]],
    ['F64', [...values, 1e30, Number.NEGATIVE_INFINITY]],
    ['F16', values.map((x) => (x === 1e-8 ? 0 : x))],
    ['F16', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['BF16', [0, 1, -1.5, 2 ** 100, 2 ** -100, -0.15625]],
    ['BF16', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ])('%s', (dtype, numbers) => {
    const bytes = encodeSafetensors(
      { tensors: { x: float32([numbers.length], numbers) }, metadata },
      { x: dtype },
    );
    const { tensors, metadata: read } = decodeSafetensors(bytes, 'x');
    expect([...tensors.x!.data]).toEqual([...Float32Array.from(numbers)]);
    expect(read).toEqual(metadata);
  });
  test.each<SafetensorsType>(['I32', 'I64'])('%s', (dtype) => {
    const numbers = [0, -1, 2 ** 31 - 1, -(2 ** 31)];
    const bytes = encodeSafetensors(
      { tensors: { x: int32([2, 2], numbers) }, metadata: {} },
      { x: dtype },
    );
    const { x } = decodeSafetensors(bytes, 'x').tensors;
    expect(x).toEqual(int32([2, 2], numbers));
  });
  test('U8 is read as whole numbers, BOOL as it is', () => {
    const tensors = {
      bytes: int32([3], [0, 7, 255]),
      flags: { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) } as const,
    };
    const bytes = encodeSafetensors({ tensors, metadata: {} }, { bytes: 'U8' });
    expect(decodeSafetensors(bytes, 'x').tensors).toEqual(tensors);
  });
  test('a bfloat16 rounds to nearest even', () => {
    const numbers = [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20];
    const bytes = encodeSafetensors(
      { tensors: { x: float32([3], numbers) }, metadata: {} },
      { x: 'BF16' },
    );
    const { x } = decodeSafetensors(bytes, 'x').tensors;
    expect([...x!.data]).toEqual([1, 1 + 2 ** -6, 1 + 2 ** -7]);
  });
  test('halves round to nearest even', () => {
    const numbers = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -26];
    const bytes = encodeSafetensors(
      { tensors: { x: float32([6], numbers) }, metadata: {} },
      { x: 'F16' },
    );
    const { x } = decodeSafetensors(bytes, 'x').tensors;
    expect([...x!.data]).toEqual([1, 1 + 2 ** -9, 65504, Number.POSITIVE_INFINITY, 0, 2 ** -24]);
  });
});

describe('files that are refused', () => {
  const entry = (more: object) =>
    JSON.stringify({ x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...more } });
  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'SAFETENSORS_HEADER'],
    ['a header longer than the file', fileOf('{}', 0, 1000), 'SAFETENSORS_HEADER'],
    ['a header of 2^60 bytes', fileOf('{}', 0, 2 ** 60), 'SAFETENSORS_HEADER'],
    ['no JSON', fileOf('{x', 0), 'SAFETENSORS_HEADER'],
    ['a list', fileOf('[]', 0), 'SAFETENSORS_HEADER'],
    ['truncated data', fileOf(entry({}), 4), 'SAFETENSORS_RANGE'],
    ['a shape that lies', fileOf(entry({ shape: [3] }), 8), 'SAFETENSORS_RANGE'],
    ['offsets backwards', fileOf(entry({ data_offsets: [8, 0] }), 8), 'SAFETENSORS_RANGE'],
    ['a negative size', fileOf(entry({ shape: [-2] }), 8), 'SAFETENSORS_HEADER'],
    [
      'an integer of more than 32 bits',
      fileOf(entry({ dtype: 'I64', shape: [1] }), 8).fill(1, -8),
      'SAFETENSORS_RANGE',
    ],
    ['an unknown type', fileOf(entry({ dtype: 'F8' }), 8), 'SAFETENSORS_TYPE'],
  ])('%s', (_, bytes, code) => {
    expect(() => decodeSafetensors(bytes, 'file')).toThrow(expect.objectContaining({ code }));
  });
});
