import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { float32, int32 } from './array.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  openSafetensors,
  readSafetensors,
  type SafetensorsType,
} from './safetensors.ts';

const metadata = { note: 'x' };

/** A file with this header text and this many data bytes. */
function fileOf(
  text: string | Uint8Array,
  dataBytes: number,
  length = Buffer.from(text).length,
): Uint8Array {
  const header = Buffer.from(text);
  const bytes = new Uint8Array(8 + header.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(header, 8);
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
    [
      'lists beyond serde_json',
      fileOf(`{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`, 0),
      'SAFETENSORS_HEADER',
    ],
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

const cases: [what: string, header: string, size: number, reads: boolean][] = JSON.parse(
  await readFile(new URL('../../fixtures/safetensors-headers.json', import.meta.url), 'utf8'),
);

/** Element types that are not supported, and a size that no double holds. */
const besides = /^dtype (F4|F6_|F8_|I8|I16|U16|U32|U64|C64)|^dimension beyond 2\^53/;

describe('headers are read where the reference library reads them', () => {
  test.each(cases)('%s', (what, header, size, reads) => {
    const read = () => decodeSafetensors(fileOf(header, size), 'file');
    if (reads && !besides.test(what)) expect(Object.keys(read().tensors)).toEqual(namesIn(header));
    else
      expect(read).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^SAFETENSORS_(HEADER|TYPE|RANGE)$/),
          where: expect.stringMatching(/^file/),
        }),
      );
  });

  test('and neither where they are no UTF-8', () => {
    const bytes = fileOf('{"?":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}', 0);
    expect(decodeSafetensors(bytes, 'x').tensors['?']!.data).toHaveLength(0);
    bytes[10] = 0xff;
    expect(() => decodeSafetensors(bytes, 'x')).toThrow(/not UTF-8/);
  });

  test('up to 100 MB', () => {
    const [most, more] = [100_000_000, 100_000_001].map((length) => {
      const bytes = new Uint8Array(8 + 100_000_001);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
      return bytes;
    });
    // Zeros are no JSON; the one that is too long is not looked at.
    expect(() => decodeSafetensors(most!, 'x')).toThrow(/not a JSON object/);
    expect(() => decodeSafetensors(more!, 'x')).toThrow('a header of 100000001 bytes');
  });
});

/** The tensors that a header names, each once. */
function namesIn(header: string): string[] {
  return Object.keys(JSON.parse(header)).filter((name) => name !== '__metadata__');
}

test('a header of more values than models have is refused before it is read', () => {
  const names = (shape: string, metadata: string) => {
    const entry = `{"dtype":"F32","shape":[0${shape}],"data_offsets":[0,0]}`;
    const header = `{"a":${entry},"__metadata__":{"b":${JSON.stringify(metadata)}}}`;
    return Object.keys(decodeSafetensors(fileOf(header, 0), 'x').tensors);
  };
  expect(names('', '","\\'.repeat(2 ** 18))).toEqual(['a']);
  expect(() => names(',1'.repeat(2 ** 19), '')).toThrow(/header of 5242\d\d values/);
});

test('tensors and metadata may have the names that every object has', () => {
  const entry = (begin: number) =>
    `{"dtype":"U8","shape":[1],"data_offsets":[${begin},${begin + 1}]}`;
  const metadata = '{"__proto__":"a","toString":"b"}';
  const file = fileOf(
    `{"__proto__":${entry(0)},"constructor":${entry(1)},"__metadata__":${metadata}}`,
    2,
  );
  file.set([7, 8], file.length - 2);
  const read = decodeSafetensors(file, 'x');
  const own = Object.entries(read.tensors).map(([name, { data }]) => [name, ...data]);
  expect(own).toEqual([
    ['__proto__', 7],
    ['constructor', 8],
  ]);
  expect(Object.entries(read.metadata)).toEqual([
    ['__proto__', 'a'],
    ['toString', 'b'],
  ]);
});

test('many tensors that claim the same bytes are refused before any is made', () => {
  const shape = 1_000_000;
  const entries = Array.from({ length: 20_000 }, (_, i) => [
    `t${i}`,
    { dtype: 'F32', shape: [shape], data_offsets: [0, 4 * shape] },
  ]);
  const file = fileOf(JSON.stringify(Object.fromEntries(entries)), 4 * shape);
  const before = process.memoryUsage().arrayBuffers;
  expect(() => decodeSafetensors(file, 'bomb')).toThrow(
    expect.objectContaining({ code: 'SAFETENSORS_RANGE' }),
  );
  // Two tensors would be 8 MB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * shape);
});

describe('a file of another format is named as what it is', () => {
  const zip = [0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0];
  const zipOfPython = [0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
  const text = (s: string) => [...Buffer.from(s)];
  test.each<[string, string, number[], RegExp]>([
    ['a zip of torch.save', 'deit.pth', zip, /zip with a pickle/],
    ['another zip', 'pytorch_model.bin', zipOfPython, /zip with a pickle/],
    ['a pickle', 'old.pt', [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9], /^a pickle/],
    ['a pickle of protocol 4', 'old.bin', [0x80, 4, 0x95, 9, 0, 0, 0, 0, 0, 0, 0], /^a pickle/],
    ['a renamed zip', 'model.safetensors', zip, /zip with a pickle/],
    [
      'a pointer of Git LFS',
      'a.safetensors',
      text('version https://git-lfs.github.com/spec/v1\n'),
      /Git LFS/,
    ],
    ['a page', 'a.safetensors', text('<!DOCTYPE html><html>401</html>'), /HTML/],
  ])('%s', async (_, name, begin, found) => {
    const folder = await mkdtemp(join(tmpdir(), 'kcr-safetensors-'));
    try {
      const path = join(folder, name);
      await writeFile(path, Uint8Array.from([...begin, ...Array(90).fill(0x30)]));
      const error = await readSafetensors(path).catch((e: unknown) => e);
      expect(error).toMatchObject({
        code: found.source.includes('pickle') ? 'WEIGHTS_PICKLE' : 'SAFETENSORS_HEADER',
        where: path,
        found: expect.stringMatching(found),
      });
      const { fix } = error as { fix: string };
      if (found.source.includes('pickle')) {
        const to = join(folder, `${name.split('.')[0]}${name.endsWith('rs') ? '.converted' : ''}`);
        expect(fix.split('\n').slice(1)).toEqual([
          expect.stringContaining(`torch.load(${JSON.stringify(path)}, map_location`),
          expect.stringContaining('["state_dict_ema","model_ema","state_dict","model"]'),
          expect.stringContaining(`${JSON.stringify(`${to}.safetensors`)}) #`),
        ]);
      } else expect(fix).toMatch(/Fetch the file itself/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('an open file', () => {
  const tensors = { a: float32([2], [1, 2]), b: int32([1], [7]) };
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kcr-safetensors-'));
    path = join(folder, 'two.safetensors');
    await writeFile(path, encodeSafetensors({ tensors, metadata }));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('says what it has, and reads what is asked for', async () => {
    await using file = await openSafetensors(path);
    expect([file.names, file.metadata]).toEqual([['a', 'b'], metadata]);
    expect(await file.read('b')).toEqual(tensors.b);
    await expect(file.read('c')).rejects.toMatchObject({ code: 'TENSOR_MISSING', where: path });
  });

  test('that becomes shorter is not read beyond its end', async () => {
    await using file = await openSafetensors(path);
    await writeFile(path, 'short');
    await expect(file.read('b')).rejects.toMatchObject({
      code: 'SAFETENSORS_READ',
      found: expect.stringContaining('shorter'),
    });
  });

  test.each(['', 'missing.safetensors'])('that is none: %j', async (name) => {
    const error = { code: 'SAFETENSORS_READ', where: join(folder, name) };
    await expect(openSafetensors(join(folder, name))).rejects.toMatchObject(error);
  });
});
