import { KcrError } from '@kcr/core';
import sharp, { type Sharp } from 'sharp';

// Decoding is spread over images; more threads within one only get in each other's way.
sharp.concurrency(1);

/** Pixels 0..255, [height, width, channels]. */
export interface Pixels {
  data: Uint8Array;
  shape: readonly [number, number, number];
}

/** A part of an image, in shares of its width and height. */
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface DecodeOptions {
  /** Side of the square that is given. */
  size: number;
  channels: 1 | 3;
  /** The short side is first resized to size / cropRatio, then the centre is cut out. Default 1. */
  cropRatio?: number;
  /** Cut this part out instead, and resize it to the square. */
  region?(width: number, height: number): Region;
}

const readError = (where: string, cause: unknown) =>
  new KcrError('IMAGE_READ', {
    where,
    found: (cause as Error).message,
    fix: 'Replace the file or take it out of the folder',
    cause,
  });

/** The pixels of an image in a colour space of so many channels. */
export async function pixelsOf(image: Sharp, channels: 1 | 3): Promise<Pixels> {
  const coloured = image.removeAlpha().toColourspace(channels === 1 ? 'b-w' : 'srgb');
  const { data, info } = await coloured.raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== channels)
    throw new Error(`${info.channels} channels instead of ${channels}`);
  return {
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    shape: [info.height, info.width, channels],
  };
}

/** Height and width of an image file. @throws KcrError `IMAGE_READ` */
export async function imageSize(path: string): Promise<{ height: number; width: number }> {
  try {
    const { height, width } = await sharp(path).metadata();
    return { height, width };
  } catch (cause) {
    throw readError(path, cause);
  }
}

/** Decodes an image at its own size. @throws KcrError `IMAGE_READ` for a missing or damaged file */
export async function readImage(path: string, channels: 1 | 3): Promise<Pixels> {
  try {
    return await pixelsOf(sharp(path, { failOn: 'error' }), channels);
  } catch (cause) {
    throw readError(path, cause);
  }
}

/**
 * Decodes a JPEG, PNG or other image that sharp reads, to a square of `size`.
 *
 * @throws KcrError `IMAGE_READ` for a missing or damaged file
 */
export async function decodeImage(path: string, options: DecodeOptions): Promise<Pixels> {
  const { size, channels, cropRatio = 1 } = options;
  try {
    const image = sharp(path, { failOn: 'error' });
    let square: Sharp;
    if (options.region) {
      const { width, height } = await image.metadata();
      square = image.extract(toPixels(options.region(width, height), width, height));
      square = square.resize(size, size, { fit: 'fill', kernel: 'cubic' });
    } else {
      const side = Math.round(size / cropRatio);
      const margin = Math.floor((side - size) / 2);
      square = image.resize(side, side, { fit: 'cover', kernel: 'cubic' });
      if (margin > 0)
        square = square.extract({ left: margin, top: margin, width: size, height: size });
    }
    return await pixelsOf(square, channels);
  } catch (cause) {
    throw readError(path, cause);
  }
}

function toPixels({ left, top, width, height }: Region, imageWidth: number, imageHeight: number) {
  const w = Math.max(Math.round(width * imageWidth), 1);
  const h = Math.max(Math.round(height * imageHeight), 1);
  return {
    left: Math.min(Math.round(left * imageWidth), imageWidth - w),
    top: Math.min(Math.round(top * imageHeight), imageHeight - h),
    width: w,
    height: h,
  };
}
