import type { ClassMap, Pixels } from '@kcr/data';
import { rleToMask } from '@kcr/data';
import type { FoundObject } from '@kcr/detect';
import { colourOf, escapeMarkup, hexOf, ownersOf, tinted } from '@kcr/page';
import sharp from 'sharp';

/** Longest side of a drawing; smaller images are drawn larger. */
export const DRAWING = 640;

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
  const masks = objects.map(({ mask }) => mask && rleToMask(mask));
  const owner = ownersOf(masks, image.shape[0] * image.shape[1]);
  const factor = factorOf(image, size);
  const boxes = objects.map(({ box, label, score }, i) => {
    const [left, top, right, bottom] = box.map((x) => x * factor) as [
      number,
      number,
      number,
      number,
    ];
    const colour = hexOf(colours[i]!);
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
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${hexOf(colourOf(index))}"/><text x="${x + 18}" y="${y + 11}" font-family="sans-serif" font-size="13">${escapeMarkup(name)}</text>`;
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
        `<span class="class"><i style="background:${hexOf(colourOf(i))}"></i>${escapeMarkup(name)}</span>`,
    )
    .join(' ');
