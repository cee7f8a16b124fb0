import sharp from 'sharp';
import { expect, test } from 'vitest';
import { plainFile } from './plain-file.ts';

const image = () =>
  sharp({ create: { width: 6, height: 4, channels: 3, background: { r: 200, g: 30, b: 90 } } });
const bytesOf = async (format: 'jpeg' | 'png') =>
  Uint8Array.from(
    await image().withMetadata({ orientation: 6, icc: 'p3' }).toFormat(format).toBuffer(),
  );
const pixelsOf = (bytes: Uint8Array) => sharp(bytes, { ignoreIcc: true }).raw().toBuffer();

test.each(['jpeg', 'png'] as const)('%s: the pixels stay, the notes go', async (format) => {
  const bytes = await bytesOf(format);
  const before = await sharp(bytes).metadata();
  expect([before.orientation, before.icc !== undefined]).toEqual([6, true]);
  const stored = plainFile(bytes, true);
  const { orientation, icc } = await sharp(stored).metadata();
  expect([orientation, icc]).toEqual([undefined, undefined]);
  expect(await pixelsOf(stored)).toEqual(await pixelsOf(bytes));
  const upright = await sharp(plainFile(bytes, false)).metadata();
  expect([upright.orientation, upright.icc]).toEqual([6, undefined]);
});

test('what is no such file, or ends too early, is given as it is', async () => {
  const gif = Uint8Array.from(await image().gif().toBuffer());
  expect(plainFile(gif, true)).toBe(gif);
  for (const format of ['jpeg', 'png'] as const)
    for (const length of [2, 9, 30, 60]) {
      const cut = (await bytesOf(format)).slice(0, length);
      expect(plainFile(cut, true).length).toBeLessThanOrEqual(length);
    }
});
