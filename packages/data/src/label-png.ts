import { inflateSync } from 'node:zlib';
import { PIXEL_LIMIT } from './pixel-limit.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The chunks that say what the pixels are. */
const NEEDED = ['IHDR', 'PLTE', 'IDAT', 'IEND'];

/** Colour types of the PNG format whose pixels are not one number each, in words. */
const COLOURS: Readonly<Record<number, string>> = {
  2: 'RGB colours',
  4: 'grey with transparency',
  6: 'RGB colours with transparency',
};

/** Where the chunks of a PNG are, with their names. */
function* chunksOf(bytes: Buffer): Generator<[name: string, chunk: Buffer]> {
  let at = SIGNATURE.length;
  while (at + 12 <= bytes.length) {
    const end = at + 12 + bytes.readUInt32BE(at);
    yield [bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at, end)];
    at = end;
  }
}

/**
 * A PNG with one number a pixel, without what the decoder need not see: only the chunks of the pixels. Its header is not
 * larger than may be, and its data are those that the header announces, so that a small file cannot fill the memory.
 *
 * @throws Error with what is wrong
 */
export function labelPng(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE))
    throw new Error('a file that is no PNG');
  const chunks = [...chunksOf(bytes)].filter(([name]) => NEEDED.includes(name));
  const header = chunks[0]?.[0] === 'IHDR' && chunks[0][1].length === 25 ? chunks[0][1] : undefined;
  if (!header) throw new Error('a PNG without a header');
  const [width, height] = [header.readUInt32BE(8), header.readUInt32BE(12)];
  const [bits, type] = [header[16]!, header[17]!];
  const colours = COLOURS[type];
  if (colours) throw new Error(`a PNG of ${colours}`);
  if (width * height === 0) throw new Error(`a PNG of ${width} x ${height} pixels`);
  if (width * height > PIXEL_LIMIT)
    throw new Error(`a PNG of ${width} x ${height} pixels, more than ${PIXEL_LIMIT} in all`);
  const announced = height * (1 + Math.ceil((width * bits) / 8));
  const data = chunks.flatMap(([name, chunk]) => (name === 'IDAT' ? [chunk.subarray(8, -4)] : []));
  // Rows of an interlaced PNG are more, and end more often within a byte.
  const most = header[20] ? 2 * announced + 64 : announced;
  const { length } = inflateSync(Buffer.concat(data), { maxOutputLength: Math.max(most, 1) });
  if (length < announced) throw new Error(`data of ${length} bytes instead of ${announced}`);
  return Buffer.concat([SIGNATURE, ...chunks.map(([, chunk]) => chunk)]);
}
