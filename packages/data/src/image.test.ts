import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { decode, encode } from 'fast-png';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { imageSize, readImage } from './image.ts';
import { counted, temporaryFolder } from './testing.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../fixtures/images/${name}`, import.meta.url));

/** What Pillow makes of a file. */
interface Decoded {
  file: string;
  width: number;
  height: number;
  rgb: number[];
  grey: number[];
}
const decoded: Decoded[] = JSON.parse(await readFile(fixture('decoded.json'), 'utf8'));

const at = temporaryFolder();

beforeAll(async () => {
  const raw = { height: 40, width: 40, channels: 3 } as const;
  const whole = await sharp(counted(40, 40, 3).data, { raw })
    .png()
    .toBuffer();
  await writeFile(at('half.png'), whole.subarray(0, whole.length / 2));
  await writeFile(at('text.jpg'), 'not an image');
  await writeFile(at('empty.jpg'), '');
});

test.each(decoded)('$file has the pixels that Pillow reads', async (expected) => {
  const { file, height, width, rgb, grey } = expected;
  const path = fixture(file);
  const colours = await readImage(path, 3, 'stored');
  expect(colours).toEqual({ data: Uint8Array.from(rgb), shape: [height, width, 3] });
  const light = await readImage(path, 1, 'stored');
  expect(light).toEqual({ data: Uint8Array.from(grey), shape: [height, width, 1] });
  expect(await imageSize(path, 'stored')).toEqual({ height, width });
});

describe('an image that is to be turned', () => {
  const stored = (file: string) => decoded.find((one) => one.file === file)!;

  test('by half', async () => {
    const { rgb, height, width } = stored('exif-3.jpg');
    const { data, shape } = await readImage(fixture('exif-3.jpg'), 3, 'upright');
    expect(shape).toEqual([height, width, 3]);
    for (let i = 0; i < height * width; i++)
      expect([...data.slice(3 * i, 3 * i + 3)]).toEqual(
        rgb.slice(3 * (height * width - 1 - i)).slice(0, 3),
      );
  });

  test('clockwise', async () => {
    const { grey, height, width } = stored('exif-6.jpg');
    const { data, shape } = await readImage(fixture('exif-6.jpg'), 1, 'upright');
    expect(shape).toEqual([width, height, 1]);
    // The lowest of the first column comes to the upper left corner.
    for (let y = 0; y < width; y++)
      for (let x = 0; x < height; x++)
        expect(data[y * height + x]).toBe(grey[(height - 1 - x) * width + y]);
    expect(await imageSize(fixture('exif-6.jpg'), 'upright')).toEqual({
      height: width,
      width: height,
    });
  });

  test('not without an orientation', async () => {
    const path = fixture('rgb.png');
    expect(await readImage(path, 3, 'upright')).toEqual(await readImage(path, 3, 'stored'));
  });
});

test('a colour profile is not applied', async () => {
  const raw = { height: 4, width: 6, channels: 3 } as const;
  const wide = sharp(counted(4, 6, 3).data, { raw }).withIccProfile('p3');
  await wide.png({ palette: false }).toFile(at('p3.png'));
  // fast-png knows of no profiles.
  const { data } = decode(await readFile(at('p3.png')));
  expect([...(await readImage(at('p3.png'), 3, 'stored')).data]).toEqual([...data]);
});

test.each([
  ['grey and alpha', 2, [0x12, 0x12, 0x12]],
  ['colours', 3, [0x12, 0x34, 0x56]],
  ['colours and alpha', 4, [0x12, 0x34, 0x56]],
])('of 16 bits of %s the upper 8 are read', async (_, channels, expected) => {
  const values = [0x12ff, 0x34ff, 0x56ff, 0x0001];
  const data = Uint16Array.from(values.slice(0, channels));
  await writeFile(at('deep.png'), encode({ width: 1, height: 1, channels, depth: 16, data }));
  expect([...(await readImage(at('deep.png'), 3, 'stored')).data]).toEqual(expected);
});

test('grey values that 8 bits do not hold are refused, where Pillow would make them white', async () => {
  const data = Uint16Array.of(7, 4095);
  await writeFile(at('grey.png'), encode({ width: 2, height: 1, channels: 1, depth: 16, data }));
  await expect(readImage(at('grey.png'), 1, 'stored')).rejects.toMatchObject({
    code: 'IMAGE_READ',
    where: at('grey.png'),
    found: 'grey values such as 4095, which 8 bits do not hold',
  });
});

test.each([
  ['readImage', (path: string) => readImage(path, 3, 'stored'), 'half.png'],
  ['imageSize', (path: string) => imageSize(path, 'upright'), 'none.png'],
])('%s: files that are missing, damaged or no image are named', async (_, read, damaged) => {
  for (const name of [damaged, 'none.png', 'text.jpg', 'empty.jpg'])
    await expect(read(at(name))).rejects.toMatchObject({ code: 'IMAGE_READ', where: at(name) });
});

test('formats that are not read are named, whatever the file is called', async () => {
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"></svg>';
  const raw = { height: 4, width: 4, channels: 3 } as const;
  const avif = await sharp(counted(4, 4, 3).data, { raw })
    .avif()
    .toBuffer();
  for (const [content, format] of [
    [drawing, 'svg'],
    [avif, 'heif'],
  ] as const) {
    await writeFile(at('other.png'), content);
    const refused = { code: 'IMAGE_READ', found: `an image of format ${format}` };
    await expect(readImage(at('other.png'), 3, 'stored')).rejects.toMatchObject(refused);
    await expect(imageSize(at('other.png'), 'stored')).rejects.toMatchObject(refused);
  }
});
