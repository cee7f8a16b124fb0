import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { TarFile } from './tar-file.ts';
import { padded, writeHeader } from './tar-header.ts';

const at = temporaryFolder();
const END = Buffer.alloc(1024);

/** The entries of a tar file of some bytes, with their contents. */
async function entriesOf(bytes: Uint8Array) {
  await writeFile(at('x.tar'), bytes);
  using tar = new TarFile(at('x.tar'));
  return [...tar.entries()]
    .filter(({ type }) => type === '0')
    .map(({ name, block, size }) => ({ name, text: tar.read(block * 512, size).toString() }));
}

const file = (name: string, text: string) =>
  Buffer.concat([writeHeader(name, text.length), padded(Buffer.from(text))]);

const LONG = `${'d'.repeat(60)}/${'e'.repeat(60)}/ü${'f'.repeat(120)}`;

// Written by Python's tarfile.
test.each([
  ['ustar', `${'p'.repeat(90)}/${'q'.repeat(90)}.jpg`],
  ['gnu', LONG],
  ['pax', LONG],
])("entries of Python's %s format, with a long name", async (format, long) => {
  const zipped = await readFile(new URL(`fixtures/${format}.tar.gz`, import.meta.url));
  expect(await entriesOf(gunzipSync(zipped))).toEqual([
    { name: 'cat/a.jpg', text: 'A'.repeat(511) },
    { name: 'cat/b.jpg', text: 'B'.repeat(512) },
    { name: long, text: 'C'.repeat(513) },
  ]);
});

test.each([
  'a.jpg',
  LONG,
  'x'.repeat(100),
  'x'.repeat(101),
  `${'ü'.repeat(50)}x`,
  ''.padEnd(989, 'y'),
])('what is written is read again: %s', async (name) => {
  const bytes = Buffer.concat([file(name, 'one'), file('b', ''), END]);
  expect(await entriesOf(bytes)).toEqual([
    { name, text: 'one' },
    { name: 'b', text: '' },
  ]);
});

/** A header with other bytes from a place on, its checksum made anew. */
function changed(header: Buffer, start: number, bytes: string | Uint8Array): Buffer {
  const copy = Buffer.from(header);
  copy.set(Buffer.from(bytes as string, 'latin1'), start);
  copy.fill(0x20, 148, 156);
  const sum = copy.reduce((a, b) => a + b, 0);
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return copy;
}

describe('TAR_FORMAT', () => {
  const whole = Buffer.concat([file('a.jpg', 'one'), file('b.jpg', 'two'), END]);
  const header = writeHeader('a.jpg', 3);
  const damaged = Buffer.from(whole);
  damaged[3] = 1;
  const base256 = Uint8Array.of(0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

  test.each<[string, Uint8Array, string]>([
    ['a file without bytes', Buffer.alloc(0), 'no end'],
    ['cut off between entries', whole.subarray(0, 2048), 'no end'],
    ['cut off in a content', whole.subarray(0, 1540), 'beyond the end'],
    ['cut off in a header', whole.subarray(0, 1100), 'ends after'],
    ['a damaged header', damaged, 'checksum'],
    ['no tar file', Buffer.alloc(2048, 'page'), 'octal'],
    ['an entry beyond the end', changed(header, 124, '00000100000\0'), 'beyond the end'],
    ['a size of 2^64', changed(header, 124, base256), '2^53'],
    ['a size of no digits', changed(header, 124, '0000000x000\0'), 'octal'],
    ['a second file behind the end', Buffer.concat([whole, whole]), 'after the end'],
    ['a name above the folder', Buffer.concat([file('a/../../b.jpg', 'x'), END]), 'leads out'],
    ['a name from the root', Buffer.concat([file('/etc/b.jpg', 'x'), END]), 'leads out'],
    [
      'a pax header that is none',
      Buffer.concat([changed(header, 156, 'x'), padded(Buffer.from('abc')), whole]),
      'records',
    ],
    [
      'a long name of nothing',
      Buffer.concat([changed(header, 156, 'L'), padded(Buffer.from('abc')), END]),
      'header of nothing',
    ],
  ])('%s', async (_, bytes, found) => {
    await expect(entriesOf(bytes)).rejects.toMatchObject({
      code: 'TAR_FORMAT',
      where: at('x.tar'),
      found: expect.stringContaining(found),
    });
  });

  test('a file that is absent', () => {
    expect(() => new TarFile(at('none.tar'))).toThrow(
      expect.objectContaining({ code: 'TAR_FORMAT', where: at('none.tar') }),
    );
  });
});
