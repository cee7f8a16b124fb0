/** Bytes of a block: headers are one, contents whole ones. */
export const BLOCK = 512;

/** What a header says of an entry. */
export interface TarHeader {
  readonly name: string;
  readonly size: number;
  /** The type flag as a character; `0` for a file. */
  readonly type: string;
}

/** The text of a field, up to its first NUL. */
function textOf(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  const stop = end < 0 || end > start + length ? start + length : end;
  return block.toString('utf8', start, stop);
}

/** The number of a field: octal digits, or with its first bit set a big-endian number. @throws Error where it is neither */
function numberOf(block: Buffer, start: number, length: number): number {
  if (block[start]! & 0x80) {
    let value = block[start]! & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + block[start + i]!;
    if (Number.isSafeInteger(value)) return value;
    throw new Error('a number beyond 2^53');
  }
  const text = textOf(block, start, length).trim();
  if (/^[0-7]*$/.test(text)) return Number.parseInt(text || '0', 8);
  throw new Error(`${JSON.stringify(text)} instead of an octal number`);
}

/** Checks a header's sum over its bytes, the sum itself taken as spaces; old programs took the bytes as signed. */
function checkSum(block: Buffer): void {
  let sum = 8 * 32;
  for (let i = 0; i < 148; i++) sum += block[i]!;
  for (let i = 156; i < BLOCK; i++) sum += block[i]!;
  const written = numberOf(block, 148, 8);
  if (written === sum) return;
  const negative = block.reduce((n, byte, i) => n + Number(byte > 127 && (i < 148 || i > 155)), 0);
  if (written !== sum - 256 * negative)
    throw new Error(`a header whose checksum is ${written} instead of ${sum}`);
}

/**
 * Reads a header of ustar, of GNU tar or of the old format.
 *
 * @param block 512 bytes
 * @returns none for a block of zeros, the end of an archive
 * @throws Error with what is wrong
 */
export function readHeader(block: Buffer): TarHeader | undefined {
  if (block[0] === 0 && block.every((byte) => byte === 0)) return undefined;
  checkSum(block);
  const own = textOf(block, 0, 100);
  // GNU's magic ends with spaces; its format has other fields where the prefix is.
  const prefix = textOf(block, 257, 6) === 'ustar' ? textOf(block, 345, 155) : '';
  const flag = block[156]!;
  const type = flag === 0 || flag === 0x37 ? '0' : String.fromCharCode(flag);
  return { name: prefix ? `${prefix}/${own}` : own, size: numberOf(block, 124, 12), type };
}

/** The records of a pax header: `LENGTH KEY=VALUE\n`, the length that of all of it in bytes. @throws Error for another form */
export function paxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? '' : bytes.toString('latin1', at, space);
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (!/^\d{1,9}$/.test(digits) || end > bytes.length || equals < 0 || equals >= end)
      throw new Error('a pax header that is not made of records');
    if (bytes[end - 1] !== 0x0a) throw new Error('a pax record that does not end with its line');
    records.set(
      bytes.toString('utf8', space + 1, equals),
      bytes.toString('utf8', equals + 1, end - 1),
    );
    at = end;
  }
  return records;
}

/** Writes a number as octal digits. */
const octal = (value: number, length: number): string =>
  `${value.toString(8).padStart(length - 1, '0')}\0`;

/** A header of ustar for a file that anyone may read, of no owner and no time: the same content gives the same bytes. */
function ustar(name: Buffer, size: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0);
  block.write(
    `0000644\0${octal(0, 8)}${octal(0, 8)}${octal(size, 12)}${octal(0, 12)}        ${type}`,
    100,
  );
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((a, b) => a + b, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Content with zeros up to a whole block. */
export const padded = (content: Uint8Array): Buffer =>
  Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);

/** A header of a file, with a pax header before it where its name is long. @param size in bytes, below 8 GiB */
export function writeHeader(name: string, size: number): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length <= 100) return ustar(bytes, size, '0');
  const rest = ` path=${name}\n`;
  let length = Buffer.byteLength(rest);
  // The length counts its own digits.
  while (String(length).length + Buffer.byteLength(rest) !== length) length++;
  const record = Buffer.from(`${length}${rest}`);
  return Buffer.concat([
    ustar(Buffer.from('pax'), record.length, 'x'),
    padded(record),
    ustar(bytes.subarray(0, 100), size, '0'),
  ]);
}
