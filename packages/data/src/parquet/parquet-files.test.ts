import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { labelledImages } from '../labelled-images.ts';
import { temporaryFolder } from '../testing.ts';
import { checkPages } from './check-pages.ts';
import type { ParquetTable } from './parquet-table.ts';
import { RowGroups } from './row-groups.ts';

const at = temporaryFolder();
// Written by pyarrow 25 as Hugging Face's datasets writes them: row groups of two, packed in different ways.
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const open = (path: string, options = {}) => labelledImages(path, { size: 2, ...options });
const reds = async ({ labels, pixels }: Awaited<ReturnType<typeof open>>) =>
  Promise.all(Array.from(labels, async (_, i) => (await pixels(i)).data[0]));

test('files of a pattern, one after another: classes in the order of the file', async () => {
  const source = await open(fixture('train-*.parquet'));
  expect(source.classes).toEqual(['dog', 'cat', 'bird']);
  expect([...source.labels]).toEqual([1, 0, 1, 0, 0]);
  expect(await reds(source)).toEqual([10, 20, 30, 40, 50]);
});

test('names of classes as texts; the order of classes that are given', async () => {
  const source = await open(fixture('named.parquet'));
  expect([source.classes, [...source.labels]]).toEqual([
    ['cat', 'dog'],
    [1, 0],
  ]);
  const given = await open(fixture('named.parquet'), { classes: ['dog', 'x', 'cat'] });
  expect([...given.labels]).toEqual([0, 2]);
  await expect(open(fixture('named.parquet'), { classes: ['dog'] })).rejects.toMatchObject({
    code: 'DATASET_CLASSES',
  });
});

test('bytes alone under other names; a row without an image: IMAGE_READ, or left out', async () => {
  const columns = { image: 'picture', label: 'kind' };
  const source = await open(fixture('bare.parquet'), { columns });
  expect([source.classes, (await source.pixels(0)).data[0]]).toEqual([['0', '1'], 80]);
  const where = `${fixture('bare.parquet')}, row 2`;
  await expect(source.pixels(1)).rejects.toMatchObject({ code: 'IMAGE_READ', where });
  const skipping = await open(fixture('bare.parquet'), { columns, invalid: 'skip' });
  expect([[...skipping.labels], skipping.skipped]).toEqual([[1], { IMAGE_READ: 1 }]);
});

test('identity: contents of the files', async () => {
  await mkdir(at('data'));
  for (const [to, from] of [
    ['a', 'train-0'],
    ['b', 'train-1'],
  ] as const)
    await writeFile(at('data', `${to}.parquet`), await readFile(fixture(`${from}.parquet`)));
  const first = await (await open(at('data'))).identity!();
  await writeFile(at('data', 'b.parquet'), await readFile(fixture('train-0.parquet')));
  expect(await (await open(at('data'))).identity!()).not.toEqual(first);
});

describe('errors', () => {
  test.each([
    [
      'a column that is absent',
      fixture('named.parquet'),
      { columns: { label: 'kind' } },
      'PARQUET_FORMAT',
    ],
    ['columns of other names', fixture('bare.parquet'), {}, 'PARQUET_FORMAT'],
    ['no file', at('none.parquet'), {}, 'PARQUET_FORMAT'],
    ['no file of a pattern', fixture('test-*.parquet'), {}, 'DATASET_EMPTY'],
    ['no folder', at('none', '*.parquet'), {}, 'FOLDER_READ'],
  ])('%s', async (_, path, options, code) => {
    await expect(open(path, options)).rejects.toMatchObject({ code });
  });

  test('a file that is cut off or damaged: PARQUET_FORMAT, or what it says is what is given', async () => {
    const whole = await readFile(fixture('train-0.parquet'));
    for (const bytes of [
      whole.subarray(0, 200),
      whole.subarray(8),
      Buffer.alloc(0),
      Buffer.alloc(99, 7),
    ]) {
      await writeFile(at('bad.parquet'), bytes);
      await expect(open(at('bad.parquet'))).rejects.toMatchObject({ code: 'PARQUET_FORMAT' });
    }
  });
});

test('groups of rows are kept up to 256 MiB', async () => {
  const read: number[] = [];
  const bytes = 100 * 2 ** 20;
  const table = {
    path: 'x',
    groups: [0, 1, 2, 3].map((i) => ({ start: i, rows: 1, bytes: i === 3 ? 2 ** 30 : bytes })),
    read: async (_: string, start: number) => [read.push(start)],
  } as unknown as ParquetTable;
  const groups = new RowGroups('image');
  for (const group of [0, 1, 0, 2, 0, 1, 3, 3, 0]) await groups.row(table, group, 0);
  // 0 and 2 are the latest two when 1 is read again; the large one leaves room for no other.
  expect(read).toEqual([0, 1, 2, 1, 3, 0]);
});

describe('what would take memory that no image needs', () => {
  test('a page that says that it has a million values', () => {
    // The header of a data page of 4 bytes, of which the values follow.
    const page = (values: number) => {
      const bytes = new Uint8Array([
        0x15, 0, 0x15, 8, 0x15, 8, 0x2c, 0x15, 0, 0, 0, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0, 1, 2, 3, 4,
      ]);
      // The number in zigzag, 7 bits in each byte.
      const zigzag = 2 * values;
      bytes.set([(zigzag & 127) | 128, ((zigzag >> 7) & 127) | 128, (zigzag >> 14) & 127], 8);
      return bytes.buffer;
    };
    const columns = [{ start: 100, end: 123, rows: 20 }];
    expect(() => checkPages(page(20), 100, columns)).not.toThrow();
    expect(() => checkPages(page(21), 100, columns)).toThrow('a page of 21 values for 20 rows');
    expect(() => checkPages(page(2 ** 19), 100, columns)).toThrow('a page of 524288 values');
    const beyond = [{ start: 100, end: 124, rows: 20 }];
    expect(() => checkPages(page(20), 100, beyond)).toThrow('bytes 100 to 124, within others');
  });

  /** A whole number of Thrift's compact protocol: in zigzag, 7 bits in each byte. */
  function number(value: number): number[] {
    const bytes: number[] = [];
    let left = BigInt.asUintN(64, value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));
    for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
    return [...bytes, Number(left)];
  }
  /** Fields one after another, the first of number 1. */
  const fields = (...values: number[]) => values.flatMap((value) => [0x15, ...number(value)]);
  /** A page of some bytes with the header of a second kind of pages. */
  function page2({ unpacked = 4, values = 2, nulls = 0, levels = 0 }) {
    const header = [0x1c, ...fields(values, nulls, values, 0, levels, 0), 0];
    return [...fields(3, unpacked, 4), 0x5c, ...header.slice(1), 0, 1, 2, 3, 4];
  }
  const check = (...pages: number[][]) => {
    const bytes = new Uint8Array(pages.flat());
    const columns = [{ start: 0, end: bytes.length, rows: 9 }];
    checkPages(bytes.buffer, 0, columns);
  };

  test.each<[string, Parameters<typeof page2>[0], string]>([
    ['more bytes than any page is unpacked to', { unpacked: 1e9 }, '4 bytes that are unpacked to'],
    ['fewer bytes than none', { unpacked: -1 }, 'unpacked to -1'],
    ['more values, less those that are none', { nulls: -1e9 }, '-1000000000 of 2 values'],
    ['levels before its beginning', { levels: -1e9 }, 'levels of -1000000000 and 0 bytes'],
  ])('a page that says that it has %s', (_, said, message) => {
    expect(() => check(page2({}))).not.toThrow();
    expect(() => check(page2(said))).toThrow(message);
  });

  test('many pages that each may be as large', () => {
    const large = page2({ unpacked: 60_000 });
    expect(() => check(...Array(1000).fill(large))).not.toThrow();
    expect(() => check(...Array(1200).fill(large))).toThrow(
      'unpacked to 72000000, above 67108864, the most that is read',
    );
  });

  test('more rows than the file has bytes', async () => {
    const bytes = await readFile(fixture('bare.parquet'));
    const [group] = parquetMetadata(new Uint8Array(bytes).buffer).row_groups;
    // Its fields 2 and 3 in the footer.
    const said = Buffer.from(
      [group!.total_byte_size, group!.num_rows].flatMap((value) => [
        0x16,
        ...number(Number(value)),
      ]),
    );
    const place = bytes.lastIndexOf(said);
    expect(place).toBeGreaterThan(0);
    const more = [0x16, ...number(Number(group!.total_byte_size)), 0x16, ...number(5000)];
    const rest = Buffer.from(bytes.subarray(place + said.length));
    rest.writeUInt32LE(
      bytes.readUInt32LE(bytes.length - 8) + more.length - said.length,
      rest.length - 8,
    );
    await writeFile(
      at('rows.parquet'),
      Buffer.concat([bytes.subarray(0, place), Buffer.from(more), rest]),
    );
    await expect(open(at('rows.parquet'))).rejects.toMatchObject({
      code: 'PARQUET_FORMAT',
      found: expect.stringMatching(/500[0-9] rows in \d+ bytes/),
    });
  });
});
