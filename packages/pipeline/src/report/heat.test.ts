import sharp from 'sharp';
import { expect, test } from 'vitest';
import { besideEachOther, matrixStrip, strip, TILE } from './heat.ts';

const grey = (value: number, channels: 1 | 3 = 3) => ({
  data: new Uint8Array(4 * channels).fill(value),
  shape: [2, 2, channels] as const,
});

/** Red, green and blue at a place of a PNG. */
async function reader(png: Buffer) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (y: number, x: number) => {
    const start = (y * info.width + x) * info.channels;
    return [...data.subarray(start, start + 3)];
  };
  return { at, size: [info.width, info.height] };
}

test('pictures stand side by side as tiles, grey ones in grey', async () => {
  const { at, size } = await reader(await strip([grey(10), grey(200, 1)]));
  expect(size).toEqual([2 * TILE, TILE]);
  expect(at(0, 0)).toEqual([10, 10, 10]);
  expect(at(TILE - 1, TILE - 1)).toEqual([10, 10, 10]);
  expect(at(0, TILE)).toEqual([200, 200, 200]);
});

test('a map lies over its picture in the colours of turbo, dark where it is 0 and red where it is 1', async () => {
  const heat = { height: 1, width: 2, data: Float32Array.of(0, 1) };
  const { at } = await reader(await strip([grey(100)], [heat], 'nearest'));
  // Turbo is (35, 23, 27) at 0 and (144, 12, 0) at 1 in d3-scale-chromatic; 150 of 255 of it over 100.
  const over = (colour: number) => 100 + (150 / 255) * (colour - 100);
  for (const [x, colours] of [
    [0, [35, 23, 27]],
    [TILE - 1, [144, 12, 0]],
  ] as const)
    colours.forEach((colour, c) => {
      expect(Math.abs(at(TILE >> 1, x)[c]! - over(colour))).toBeLessThan(2);
    });
});

test('values beyond 0..1 have the colours of the ends; cells are sharp, or run into one another', async () => {
  const heat = (values: readonly number[]) => ({
    height: 1,
    width: 2,
    data: Float32Array.from(values),
  });
  const of = async (values: readonly number[], kernel: 'nearest' | 'cubic') =>
    reader(await strip([grey(100)], [heat(values)], kernel));
  const [beyond, ends] = [await of([-1, 2], 'nearest'), await of([0, 1], 'nearest')];
  for (const x of [0, TILE - 1]) expect(beyond.at(0, x)).toEqual(ends.at(0, x));
  expect(ends.at(0, TILE / 2 - 2)).toEqual(ends.at(0, 0));
  const smooth = await of([0, 1], 'cubic');
  expect(smooth.at(0, TILE / 2 - 2)).not.toEqual(smooth.at(0, 0));
});

test('PNGs are put side by side in their order', async () => {
  const tile = (value: number) => {
    const background = { r: value, g: 0, b: 0 };
    return sharp({ create: { width: 4, height: 4, channels: 3, background } })
      .png()
      .toBuffer();
  };
  const { at, size } = await reader(await besideEachOther([await tile(1), await tile(2)], 4));
  expect(size).toEqual([8, 4]);
  expect([at(0, 3)[0], at(3, 4)[0]]).toEqual([1, 2]);
});

test('maps of no image are opaque; those finer than a tile are averaged', async () => {
  const coarse = { height: 2, width: 2, data: Float32Array.of(0, 1, 1, 0) };
  const side = 4 * TILE;
  const fine = { height: side, width: side, data: new Float32Array(side * side) };
  // Rows of 0 and 1 in turn, of which a tile shows the mean.
  for (let row = 0; row < side; row += 2) fine.data.fill(1, row * side, (row + 1) * side);
  const even = { height: 1, width: 1, data: Float32Array.of(0.5) };
  const { at, size } = await reader(await matrixStrip([coarse, fine, even]));
  expect(size).toEqual([3 * TILE, TILE]);
  expect([at(0, 0), at(0, TILE - 1)]).toEqual([
    [35, 23, 27],
    [144, 12, 0],
  ]);
  at(TILE >> 1, TILE + 9).forEach((value, c) => {
    expect(Math.abs(value - at(0, 2 * TILE)[c]!)).toBeLessThan(8);
  });
});

test('a picture keeps its shape, and its map lies on it alone', async () => {
  const wide = { data: new Uint8Array(2 * 4 * 3).fill(50), shape: [2, 4, 3] as const };
  const heat = { height: 1, width: 1, data: Float32Array.of(1) };
  const { at, size } = await reader(await strip([wide, grey(50)], [heat, heat], 'nearest'));
  expect(size).toEqual([2 * TILE, TILE]);
  const red = at(0, TILE);
  expect(red).not.toEqual([50, 50, 50]);
  expect([at(0, 0), at(TILE / 2 - 1, TILE - 1)]).toEqual([red, red]);
  expect([at(TILE / 2, 0), at(TILE - 1, TILE - 1)]).toEqual(Array(2).fill([255, 255, 255]));
});
