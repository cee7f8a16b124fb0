import type { ClassMap, Pixels } from '@kcr/data';
import { rleToMask } from '@kcr/data';
import type { FoundObject } from '@kcr/detect';
import { interpolateSinebow, schemeTableau10 } from 'd3-scale-chromatic';
import sharp from 'sharp';
import { escapeMarkup } from './escape.ts';

/** Red, green and blue, 0..255. */
type Colour = readonly [number, number, number];

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** The i-th of many colours that can be told apart. */
export function colourOf(i: number): Colour {
  const text = schemeTableau10[i];
  if (!text)
    return interpolateSinebow((i * GOLDEN) % 1)
      .match(/\d+/g)!
      .map(Number) as unknown as Colour;
  return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)) as unknown as Colour;
}

const hex = (colour: Colour) => `#${colour.map((x) => x.toString(16).padStart(2, '0')).join('')}`;

/** Share of the overlay's colour. */
const OPACITY = 0.45;

/** Longest side of a drawing; smaller images are drawn larger. */
export const DRAWING = 640;

/** The pixels with a colour over those that have one. */
function tinted(image: Pixels, colourAt: (pixel: number) => Colour | undefined): Pixels {
  const [height, width, channels] = image.shape;
  const data = new Uint8Array(height * width * 3);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const colour = colourAt(pixel);
    for (let c = 0; c < 3; c++) {
      const own = image.data[pixel * channels + (channels === 1 ? 0 : c)]!;
      data[3 * pixel + c] = colour ? own * (1 - OPACITY) + colour[c]! * OPACITY : own;
    }
  }
  return { data, shape: [height, width, 3] };
}

export interface DrawOptions {
  /** Longest side in pixels. Default {@link DRAWING}. */
  size?: number;
}

/** Factor at which an image is drawn. */
const factorOf = ({ shape: [height, width] }: Pixels, size: number) =>
  size / Math.max(height, width);

async function enlarged(image: Pixels, factor: number, overlay?: string): Promise<Buffer> {
  const [height, width, channels] = image.shape;
  const [h, w] = [height, width].map((n) => Math.max(Math.round(n * factor), 1)) as [
    number,
    number,
  ];
  const drawn = sharp(image.data, { raw: { height, width, channels: channels as 1 | 3 } })
    .toColourspace('srgb')
    .resize(w, h, { fit: 'fill', kernel: 'nearest' });
  if (!overlay) return drawn.png().toBuffer();
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}">${overlay}</svg>`;
  return drawn
    .composite([{ input: Buffer.from(svg), top: 0, left: 0 }])
    .png()
    .toBuffer();
}

/** An image as it is, as large as the drawings of it. */
export const drawPlain = (image: Pixels, { size = DRAWING }: DrawOptions = {}): Promise<Buffer> =>
  enlarged(
    tinted(image, () => undefined),
    factorOf(image, size),
  );

/** An image with the colour of each pixel's class over it; pixels that do not count stay as they are. */
export const drawClassMap = (
  image: Pixels,
  { data }: ClassMap,
  classes: number,
  { size = DRAWING }: DrawOptions = {},
): Promise<Buffer> =>
  enlarged(
    tinted(image, (pixel) => (data[pixel]! < classes ? colourOf(data[pixel]!) : undefined)),
    factorOf(image, size),
  );

/**
 * An image with its objects: boxes and masks, each class in its colour, or with one class each object in its own; where
 * there are several classes their names and scores.
 */
export function drawObjects(
  image: Pixels,
  objects: readonly FoundObject[],
  classes: readonly string[],
  { size = DRAWING }: DrawOptions = {},
): Promise<Buffer> {
  const several = classes.length > 1;
  const colours = objects.map(({ label }, i) => colourOf(several ? label : i));
  const owner = new Int32Array(image.shape[0] * image.shape[1]).fill(-1);
  // The best come first and are drawn last.
  for (const [i, { mask }] of [...objects.entries()].reverse())
    if (mask)
      rleToMask(mask).forEach((inside, pixel) => {
        if (inside) owner[pixel] = i;
      });
  const factor = factorOf(image, size);
  const boxes = objects.map(({ box, label, score }, i) => {
    const [left, top, right, bottom] = box.map((x) => x * factor) as [
      number,
      number,
      number,
      number,
    ];
    const colour = hex(colours[i]!);
    const frame = `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
    if (!several) return frame;
    const text = `${escapeMarkup(classes[label]!)} ${(100 * score).toFixed(0)}`;
    const y = Math.max(top - 4, 12);
    return `${frame}<text x="${left + 2}" y="${y}" font-family="sans-serif" font-size="12" stroke="#000" stroke-width="2.5" paint-order="stroke" fill="${colour}">${text}</text>`;
  });
  return enlarged(
    tinted(image, (pixel) => colours[owner[pixel]!]),
    factor,
    boxes.join(''),
  );
}

/** A drawing with the colours of some classes under it. */
export async function withLegend(
  drawing: Buffer,
  entries: readonly { index: number; name: string }[],
): Promise<Buffer> {
  const { width, height } = await sharp(drawing).metadata();
  const [line, column] = [20, 150];
  const perRow = Math.max(Math.floor(width / column), 1);
  const rows = Math.ceil(entries.length / perRow);
  const marks = entries.map(({ index, name }, i) => {
    const [x, y] = [8 + (i % perRow) * column, height + 6 + Math.floor(i / perRow) * line];
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${hex(colourOf(index))}"/><text x="${x + 18}" y="${y + 11}" font-family="sans-serif" font-size="13">${escapeMarkup(name)}</text>`;
  });
  const bottom = rows * line + 8;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + bottom}">${marks.join('')}</svg>`;
  return sharp(drawing)
    .extend({ bottom, background: 'white' })
    .composite([{ input: Buffer.from(svg), top: 0, left: 0 }])
    .png()
    .toBuffer();
}

/** The colours of classes, as HTML. */
export const legendHtml = (classes: readonly string[]): string =>
  classes
    .map(
      (name, i) =>
        `<span class="class"><i style="background:${hex(colourOf(i))}"></i>${escapeMarkup(name)}</span>`,
    )
    .join(' ');
