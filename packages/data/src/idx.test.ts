import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readIdx } from './idx.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();
/** [2, 1, 3], by hand. */
const bytes = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30, 40, 50, 255];

test.each([
  ['plain', Buffer.from(bytes)],
  ['gzipped', gzipSync(Buffer.from(bytes))],
])('a %s file', async (name, content) => {
  await writeFile(at(name), content);
  expect(await readIdx(at(name))).toEqual({
    shape: [2, 1, 3],
    data: Uint8Array.of(10, 20, 30, 40, 50, 255),
  });
});

test('sizes are big-endian', async () => {
  await writeFile(at('long'), Buffer.from([0, 0, 8, 1, 0, 0, 1, 2, ...Array<number>(258).fill(7)]));
  expect((await readIdx(at('long'))).shape).toEqual([258]);
});

test.each([
  ['no magic number', bytes.with(1, 1), 'magic number'],
  ['floats', bytes.with(2, 0x0d), '0xd'],
  ['an empty file', [], 'magic number'],
  ['a header that ends early', bytes.slice(0, 10), 'too few for the header'],
  ['too few values', bytes.slice(0, -1), '5 values for shape [2,1,3]'],
  ['too many values', [...bytes, 1], '7 values for shape [2,1,3]'],
])('%s: IDX_FORMAT', async (_, content, found) => {
  await writeFile(at('bad'), Buffer.from(content));
  await expect(readIdx(at('bad'))).rejects.toThrow(
    expect.objectContaining({
      code: 'IDX_FORMAT',
      where: at('bad'),
      found: expect.stringContaining(found),
    }),
  );
});

test('a missing file and a damaged gzip: IDX_READ', async () => {
  await writeFile(at('half.gz'), gzipSync(Buffer.from(bytes)).subarray(0, 20));
  for (const name of ['none', 'half.gz'])
    await expect(readIdx(at(name))).rejects.toThrow(expect.objectContaining({ code: 'IDX_READ' }));
});

test('a gzipped file that would fill the memory: IDX_READ', async () => {
  await writeFile(at('bomb'), gzipSync(Buffer.alloc(2 ** 21)));
  await expect(readIdx(at('bomb'))).rejects.toThrow(
    expect.objectContaining({ code: 'IDX_READ', where: at('bomb') }),
  );
});

test('a header that lies about its size: IDX_FORMAT, before anything is made of it', async () => {
  await writeFile(at('lying'), Buffer.from([0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255]));
  await expect(readIdx(at('lying'))).rejects.toThrow(
    expect.objectContaining({ code: 'IDX_FORMAT', where: at('lying') }),
  );
});
