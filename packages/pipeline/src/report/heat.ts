import type { Size } from '@kcr/data';
import { HEAT, HEAT_OPACITY } from '@kcr/page';
import sharp from 'sharp';

/** Side of a picture's place in the report, in pixels. */
export const TILE = 128;

/** Pixels 0..255 of an RGB or grey image, [height, width, channels]. */
export interface Picture {
  data: Uint8Array;
  shape: readonly [number, number, number];
}

/** Values 0..1 over an image, [height, width]. */
export interface Heat {
  data: Float32Array;
  height: number;
  width: number;
}

const OPACITY = Math.round(255 * HEAT_OPACITY);

/** A picture's size in its place, which it fills one way. */
function sizeIn({ shape: [height, width] }: Picture): Size {
  const factor = TILE / Math.max(height, width);
  const side = (length: number) => Math.max(Math.round(factor * length), 1);
  return { height: side(height), width: side(width) };
}

const plain = ({ data, shape: [height, width, channels] }: Picture, size: Size) =>
  sharp(data, { raw: { height, width, channels: channels as 1 | 3 } })
    .toColourspace('srgb')
    .resize({ ...size, fit: 'fill', kernel: 'cubic' })
    .png()
    .toBuffer();

/** How a map becomes as large as its picture: smooth, or cell by cell. */
type Kernel = 'cubic' | 'nearest';

/** The colours of a map, red where it is 1. */
async function colours(
  { data, height, width }: Heat,
  size: Size,
  kernel: Kernel,
  opacity = OPACITY,
): Promise<Buffer> {
  const grey = Uint8Array.from(data, (x) => Math.round(255 * Math.min(Math.max(x, 0), 1)));
  const cells = await sharp(grey, { raw: { height, width, channels: 1 } })
    .resize({ ...size, fit: 'fill', kernel })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  const rgba = Uint8Array.from({ length: 4 * cells.length }, (_, i) =>
    i % 4 === 3 ? opacity : HEAT[cells[i >> 2]!]![i % 4]!,
  );
  return sharp(rgba, { raw: { ...size, channels: 4 } })
    .png()
    .toBuffer();
}

/** Pictures side by side as one PNG, each under its map where there are any. */
export async function strip(
  pictures: readonly Picture[],
  heats?: readonly Heat[],
  kernel: Kernel = 'cubic',
): Promise<Buffer> {
  const tiles = await Promise.all(
    pictures.map(async (picture, i) => {
      const size = sizeIn(picture);
      const tile = await plain(picture, size);
      if (!heats) return tile;
      return sharp(tile)
        .composite([{ input: await colours(heats[i]!, size, kernel) }])
        .png()
        .toBuffer();
    }),
  );
  return besideEachOther(tiles, TILE);
}

/** Maps of no image side by side as one PNG; those finer than a tile are averaged. */
export const matrixStrip = async (heats: readonly Heat[]): Promise<Buffer> => {
  const kernel = (heat: Heat) => (heat.height > TILE || heat.width > TILE ? 'cubic' : 'nearest');
  const size = { height: TILE, width: TILE };
  const tiles = heats.map((heat) => colours(heat, size, kernel(heat), 255));
  return besideEachOther(await Promise.all(tiles), TILE);
};

/** PNGs side by side, each in the corner of a place of its own. @param side of the places; no PNG is larger */
export const besideEachOther = (tiles: readonly Buffer[], side: number): Promise<Buffer> =>
  sharp({
    create: { width: side * tiles.length, height: side, channels: 3, background: 'white' },
  })
    .composite(tiles.map((input, i) => ({ input, left: i * side, top: 0 })))
    .png()
    .toBuffer();
