import { readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeImage, imageSize, type Pixels, readImage } from './image.ts';
import { counted, temporaryFolder } from './testing.ts';

const at = temporaryFolder();

const write = ({ data, shape: [height, width, channels] }: Pixels, name: string) =>
  sharp(data, { raw: { height, width, channels: channels as 1 | 3 | 4 } })
    .png()
    .toFile(at(name));

/** An image of a size from the colour of each pixel. */
function drawn(height: number, width: number, colour: (y: number, x: number) => number[]): Pixels {
  const data = Array.from({ length: height * width }, (_, i) =>
    colour(Math.floor(i / width), i % width),
  ).flat();
  return { data: Uint8Array.from(data), shape: [height, width, data.length / (height * width)] };
}

const [red, blue] = [
  [255, 0, 0],
  [0, 0, 255],
];

beforeAll(async () => {
  await write(counted(4, 6, 3), 'colours.png');
  await write(
    drawn(2, 3, (y, x) => [10 * y + x]),
    'grey.png',
  );
  await write(
    drawn(2, 3, () => [9, 8, 7, 100]),
    'alpha.png',
  );
  await write(
    drawn(20, 40, (_, x) => (x < 20 ? red! : blue!)),
    'halves.png',
  );
  const framed = drawn(40, 40, (y, x) => [Math.min(y, x, 39 - y, 39 - x) < 8 ? 0 : 200]);
  await write(framed, 'framed.png');
  const whole = await readFile(at('framed.png'));
  await writeFile(at('half.png'), whole.subarray(0, whole.length / 2));
  await writeFile(at('text.jpg'), 'not an image');
});

describe('an image at its own size', () => {
  test('has its pixels, by rows', async () => {
    expect(await readImage(at('colours.png'), 3)).toEqual(counted(4, 6, 3));
    expect([...(await readImage(at('grey.png'), 1)).data]).toEqual([0, 1, 2, 10, 11, 12]);
    expect(await imageSize(at('colours.png'))).toEqual({ height: 4, width: 6 });
  });

  test('has as many channels as asked for', async () => {
    expect((await readImage(at('alpha.png'), 3)).data.slice(0, 3)).toEqual(Uint8Array.of(9, 8, 7));
    const { data, shape } = await readImage(at('grey.png'), 3);
    expect(shape).toEqual([2, 3, 3]);
    expect([...data.slice(12, 15)]).toEqual([11, 11, 11]);
    expect((await readImage(at('colours.png'), 1)).shape).toEqual([4, 6, 1]);
  });
});

describe('a square', () => {
  test('is the middle of a wide image', async () => {
    const { data, shape } = await decodeImage(at('halves.png'), { size: 8, channels: 3 });
    expect(shape).toEqual([8, 8, 3]);
    for (const y of [0, 7]) {
      expect([...data.slice(24 * y, 24 * y + 3)]).toEqual(red);
      expect([...data.slice(24 * y + 21, 24 * y + 24)]).toEqual(blue);
    }
  });

  test('is less of the image with a smaller crop ratio', async () => {
    // The frame is a fifth of the image wide, and the middle half has nothing of it.
    const whole = await decodeImage(at('framed.png'), { size: 10, channels: 1, cropRatio: 1 });
    expect(whole.data[0]).toBeLessThan(20);
    const half = await decodeImage(at('framed.png'), { size: 10, channels: 1, cropRatio: 0.5 });
    half.data.forEach((x) => expect(Math.abs(x - 200)).toBeLessThan(10));
    expect(half.shape).toEqual([10, 10, 1]);
  });

  test('may be any part of it, and of one beyond the border what is there', async () => {
    const part = async (left: number, width: number) => {
      const { data } = await decodeImage(at('halves.png'), {
        size: 4,
        channels: 3,
        region: (w, h) => {
          expect([w, h]).toEqual([40, 20]);
          return { left, width, top: 0, height: 1 };
        },
      });
      return data.reduce((sum, x, i) => (i % 3 === 0 ? sum + x : sum), 0) / (16 * 255);
    };
    expect(await part(0, 0.5)).toBe(1);
    expect(await part(0.5, 0.5)).toBe(0);
    expect(await part(0.25, 0.5)).toBeCloseTo(0.5, 1);
    expect(await part(0.999, 0.0001)).toBe(0);
  });
});

test.each([
  ['decodeImage', (path: string) => decodeImage(path, { size: 8, channels: 3 })],
  ['readImage', (path: string) => readImage(path, 3)],
])('%s: files that are missing, damaged or no image are named', async (_, read) => {
  for (const name of ['none.png', 'half.png', 'text.jpg'])
    await expect(read(at(name))).rejects.toThrow(
      expect.objectContaining({ code: 'IMAGE_READ', where: at(name) }),
    );
});

test('no size of what is no image', async () => {
  for (const name of ['none.png', 'text.jpg'])
    await expect(imageSize(at(name))).rejects.toThrow(
      expect.objectContaining({ code: 'IMAGE_READ', where: at(name) }),
    );
});
