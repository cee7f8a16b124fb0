import sharp from 'sharp';
import { expect, test } from 'vitest';
import { isColourJpeg } from './jpeg-header.ts';

const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (37 * i) % 256);
const image = () => sharp(data, { raw: { width: 16, height: 16, channels: 3 } });

test.each<[string, () => Promise<Buffer>, boolean]>([
  ['colours', () => image().jpeg().toBuffer(), true],
  ['colours, progressive', () => image().jpeg({ progressive: true }).toBuffer(), true],
  [
    'colours without subsampling',
    () => image().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
    true,
  ],
  ['with EXIF before', () => image().withMetadata({ orientation: 6 }).jpeg().toBuffer(), true],
  ['grey', () => image().toColourspace('b-w').jpeg().toBuffer(), false],
  ['four inks', () => image().toColourspace('cmyk').jpeg().toBuffer(), false],
  ['PNG', () => image().png().toBuffer(), false],
])('%s', async (_, make, expected) => {
  const bytes = await make();
  expect(isColourJpeg(bytes)).toBe(expected);
  const { format, depth, channels } = await sharp(bytes).metadata();
  expect(format === 'jpeg' && depth === 'uchar' && channels === 3).toBe(expected);
});

test('nothing is said of what is cut off, at any byte, or damaged', async () => {
  const bytes = await image().jpeg().toBuffer();
  for (let length = 0; length < 150; length++)
    expect(isColourJpeg(bytes.subarray(0, length))).toBe(false);
  // A segment of no length, which would never end.
  expect(isColourJpeg(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, ...new Uint8Array(20)))).toBe(false);
});
