import { rleFromPolygon } from '@kcr/data';
import { colourOf } from '@kcr/page';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { DRAWING, drawClassMap, drawObjects, drawPlain, legendHtml, withLegend } from './draw.ts';

const image = (height: number, width: number, value = 100, channels: 1 | 3 = 3) => ({
  data: new Uint8Array(height * width * channels).fill(value),
  shape: [height, width, channels] as const,
});

async function reader(png: Buffer) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (y: number, x: number) => {
    const start = (y * info.width + x) * info.channels;
    return [...data.subarray(start, start + 3)];
  };
  return { at, size: [info.width, info.height] };
}

test('a strip is a pixel wide, however long', async () => {
  for (const [height, width] of [
    [1, 4000],
    [4000, 1],
  ] as const) {
    const { size } = await reader(await drawPlain(image(height, width)));
    expect(size).toEqual([Math.min(width, DRAWING), Math.min(height, DRAWING)]);
  }
});

/** 45 % of a colour over a value. */
const tint = (colour: readonly number[], value = 100) =>
  colour.map((c) => Math.floor(0.55 * value + 0.45 * c));

describe('colours', () => {
  test("are Tableau's ten, then others", () => {
    // #4e79a7, #f28e2c and #bab0ab.
    expect(colourOf(0)).toEqual([78, 121, 167]);
    expect(colourOf(1)).toEqual([242, 142, 44]);
    expect(colourOf(9)).toEqual([186, 176, 171]);
  });

  test('of 150 classes are all different, each between 0 and 255', () => {
    const colours = Array.from({ length: 150 }, (_, i) => colourOf(i));
    expect(new Set(colours.map(String)).size).toBe(150);
    for (const colour of colours)
      for (const c of colour) expect(c >= 0 && c <= 255 && Number.isInteger(c)).toBe(true);
  });
});

describe('an image', () => {
  test('is drawn so large that its longer side is as long as is asked', async () => {
    expect((await reader(await drawPlain(image(2, 4), { size: 8 }))).size).toEqual([8, 4]);
    expect((await reader(await drawPlain(image(4, 1), { size: 8 }))).size).toEqual([2, 8]);
    expect((await reader(await drawPlain(image(1, 1)))).size).toEqual([DRAWING, DRAWING]);
  });

  test('keeps its values, grey or in colour', async () => {
    const grey = await reader(await drawPlain(image(2, 2, 77, 1), { size: 4 }));
    expect(grey.at(3, 3)).toEqual([77, 77, 77]);
    const colour = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [1, 2, 3] as const };
    const drawn = await reader(await drawPlain(colour, { size: 4 }));
    expect([drawn.at(0, 0), drawn.at(1, 3)]).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });
});

test('a class map has the colours of its classes over the image, but where nothing counts', async () => {
  const map = { data: Uint8Array.of(0, 1, 255, 2), height: 1, width: 4 };
  const { at } = await reader(await drawClassMap(image(1, 4), map, 2, { size: 4 }));
  expect(at(0, 0)).toEqual(tint(colourOf(0)));
  expect(at(0, 1)).toEqual(tint(colourOf(1)));
  expect(at(0, 2)).toEqual([100, 100, 100]);
  expect(at(0, 3)).toEqual([100, 100, 100]);
});

describe('objects', () => {
  const square = (from: number, to: number) =>
    rleFromPolygon([from, from, to, from, to, to, from, to], 8, 8);
  const object = (
    label: number,
    box: readonly [number, number, number, number],
    mask?: object,
  ) => ({
    label,
    score: 0.876,
    box,
    ...(mask ? { mask: mask as ReturnType<typeof square> } : {}),
  });

  test('have a frame where the box is, at the scale of the drawing', async () => {
    const png = await drawObjects(image(8, 8), [object(0, [2, 2, 6, 6])], ['cell'], { size: 80 });
    const { at } = await reader(png);
    expect(at(20, 40)).not.toEqual([100, 100, 100]);
    expect(at(40, 20)).not.toEqual([100, 100, 100]);
    for (const [y, x] of [
      [40, 40],
      [10, 40],
      [70, 70],
    ] as const)
      expect(at(y, x)).toEqual([100, 100, 100]);
  });

  test('of one class have a colour each, of several that of their class', async () => {
    const objects = [object(0, [0, 0, 3, 3], square(0, 3)), object(0, [4, 4, 7, 7], square(4, 7))];
    const one = await reader(await drawObjects(image(8, 8), objects, ['cell'], { size: 8 }));
    expect(one.at(1, 1)).toEqual(tint(colourOf(0)));
    expect(one.at(5, 5)).toEqual(tint(colourOf(1)));
    const several = [object(1, [0, 0, 3, 3], square(0, 3)), object(1, [4, 4, 7, 7], square(4, 7))];
    const classes = ['cell', 'debris'];
    // Large, so that the names do not cover the middles.
    const two = await reader(await drawObjects(image(8, 8), several, classes, { size: 320 }));
    expect(two.at(90, 90)).toEqual(tint(colourOf(1)));
    expect(two.at(250, 250)).toEqual(tint(colourOf(1)));
  });

  test('that come first lie above the others', async () => {
    const objects = [object(0, [0, 0, 6, 6], square(0, 6)), object(0, [2, 2, 8, 8], square(2, 8))];
    const { at } = await reader(await drawObjects(image(8, 8), objects, ['cell'], { size: 80 }));
    expect(at(45, 45)).toEqual(tint(colourOf(0)));
    expect(at(70, 70)).toEqual(tint(colourOf(1)));
  });

  test('of several classes have their names, whatever letters these have', async () => {
    const box = [1, 3, 7, 7] as const;
    const named = await drawObjects(image(8, 8), [object(1, box)], ['a', '<R&D>'], { size: 160 });
    const plain = await drawObjects(image(8, 8), [object(0, box)], ['a'], { size: 160 });
    const above = async (png: Buffer) => {
      const { at } = await reader(png);
      return Array.from({ length: 40 }, (_, i) => at(52, 24 + i)).some(([r]) => r !== 100);
    };
    expect([await above(named), await above(plain)]).toEqual([true, false]);
  });
});

describe('a legend', () => {
  test('stands under the drawing, a line for as many classes as fit', async () => {
    const drawing = await drawPlain(image(1, 4), { size: 320 });
    const entries = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ index, name: `class ${index}` }));
    // 320 px have room for two columns of 150.
    for (const [count, lines] of [
      [1, 1],
      [2, 1],
      [3, 2],
    ] as const) {
      const { size } = await reader(await withLegend(drawing, entries(count)));
      expect(size).toEqual([320, 80 + 20 * lines + 8]);
    }
    const { at } = await reader(await withLegend(drawing, [{ index: 3, name: 'a & b' }]));
    expect(at(80 + 12, 14)).toEqual(colourOf(3));
    expect(at(0, 0)).toEqual([100, 100, 100]);
    expect(at(80 + 1, 1)).toEqual([255, 255, 255]);
  });

  test('in HTML has the colour and the name of each class', () => {
    expect(legendHtml(['sky', '<x>'])).toBe(
      '<span class="class"><i style="background:#4e79a7"></i>sky</span> ' +
        '<span class="class"><i style="background:#f28e2c"></i>&lt;x&gt;</span>',
    );
    expect(legendHtml([])).toBe('');
  });
});
