import { readFile } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { imageError, readExtent } from './extent.ts';
import { toGrey } from './grey.ts';
import { isColourJpeg } from './jpeg-header.ts';
import type { Size } from './view.ts';

// Decoding is spread over images; more threads within one only get in each other's way.
sharp.concurrency(1);
// libvips would remember what it did, and no image is decoded twice soon.
sharp.cache(false);

/** Pixels 0..255, [height, width, channels]. */
export interface Pixels {
  data: Uint8Array;
  shape: readonly [number, number, number];
}

/**
 * What an EXIF orientation does. `stored`: nothing, as with torchvision's ImageFolder and timm; `upright`: the image is turned
 * as viewers and labelling tools show it, as with detectron2 and MMDetection.
 */
export type Orientation = 'stored' | 'upright';

/** Formats that are read, whatever the file is called: libvips knows more, such as drawings that name other files. */
const FORMATS: readonly string[] = ['jpeg', 'png', 'webp', 'tiff', 'gif'];

/** An image file that lies in memory. */
export interface EncodedImage {
  /** What errors call it: the file's path, and its name within a file that has several. */
  readonly where: string;
  readonly bytes: Uint8Array;
}

/** An image file before it is decoded. Colour profiles are left alone, as Pillow does: the values are those of the file. */
const unread = (bytes: Uint8Array): Sharp => sharp(bytes, { failOn: 'error', ignoreIcc: true });

/** The same, with what its header says. @throws Error for another format */
async function opened(bytes: Uint8Array): Promise<{ image: Sharp; header: Metadata }> {
  const image = unread(bytes);
  const header = await image.metadata();
  if (!FORMATS.includes(header.format)) throw new Error(`an image of format ${header.format}`);
  return { image, header };
}

/** Red, green and blue of cyan, magenta, yellow and black, as Pillow has it. */
function fromCmyk(data: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const light = 255 - data[from + 3]!;
    for (let c = 0; c < 3; c++) {
      // The product over 255, rounded, without a division.
      const product = data[from + c]! * light + 128;
      rgb[to + c] = Math.max(light - (((product >> 8) + product) >> 8), 0);
    }
  }
  return rgb;
}

/**
 * Grey values of more than 8 bits. Pillow cuts them off at 255 and their fractions, so that most such images would be one
 * white: only those that lose nothing are read.
 */
async function fromWideGrey(
  image: Sharp,
  depth: string,
): Promise<{ data: Uint8Array; size: Size }> {
  const whole = depth === 'ushort';
  const { data, info } = await image
    .toColourspace(whole ? 'grey16' : 'b-w')
    .raw({ depth: whole ? 'ushort' : 'float' })
    .toBuffer({ resolveWithObject: true });
  const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
  const values = whole ? new Uint16Array(bytes) : new Float32Array(bytes);
  const rgb = new Uint8Array(values.length * 3);
  values.forEach((value, i) => {
    if (value !== (value & 255))
      throw new Error(`grey values such as ${value}, which 8 bits do not hold`);
    rgb.fill(value, 3 * i, 3 * i + 3);
  });
  return { data: rgb, size: info };
}

/** How an image is coded. */
type Coding = Pick<Metadata, 'space' | 'depth' | 'channels'>;

const COLOUR_JPEG: Coding = { space: 'srgb', depth: 'uchar', channels: 3 };

/** Red, green and blue of an image at its own size. */
async function coloursOf(image: Sharp, header: Coding): Promise<{ data: Uint8Array; size: Size }> {
  const { space, depth, channels } = header;
  if (channels === 1 && depth !== 'uchar') return fromWideGrey(image, depth);
  if (depth !== 'uchar' && depth !== 'ushort') throw new Error(`values of type ${depth}`);
  const cmyk = space === 'cmyk';
  const coloured = cmyk
    ? image.pipelineColourspace('cmyk').toColourspace('cmyk')
    : image.removeAlpha().toColourspace('srgb');
  const { data, info } = await coloured.raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== (cmyk ? 4 : 3)) throw new Error(`${info.channels} channels of ${space}`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { data: cmyk ? fromCmyk(bytes) : bytes, size: info };
}

/** Height and width of an image file. @throws KcrError `IMAGE_READ` */
export async function imageSize(path: string, orientation: Orientation): Promise<Size> {
  try {
    const { header } = await opened(await readFile(path));
    const { height, width } = orientation === 'upright' ? header.autoOrient : header;
    return { height, width };
  } catch (cause) {
    throw imageError(path, cause);
  }
}

/**
 * Decodes an image at its own size: the one way from a file to pixels. Values are those of Pillow's `convert('RGB')`, or
 * `convert('L')` of them for one channel: colour profiles are not applied, transparency is dropped and not blended, of
 * several frames the first is read, of 16 bits of colour the upper 8.
 *
 * @throws KcrError `IMAGE_READ` for a damaged file, and for grey values beyond 0..255
 */
export async function decodeImage(
  { where, bytes }: EncodedImage,
  channels: 1 | 3,
  orientation: Orientation,
): Promise<Pixels> {
  try {
    // To ask libvips for the header takes a tenth of the time of decoding.
    const { image, header } = isColourJpeg(bytes)
      ? { image: unread(bytes), header: COLOUR_JPEG }
      : await opened(bytes);
    const turned = orientation === 'upright' ? image.autoOrient() : image;
    const { data, size } = await coloursOf(turned, header);
    return {
      data: channels === 1 ? toGrey(data) : data,
      shape: [size.height, size.width, channels],
    };
  } catch (cause) {
    throw imageError(where, cause);
  }
}

/** {@link decodeImage} of a file. @throws KcrError `IMAGE_READ`, also for a missing file */
export const readImage = async (
  path: string,
  channels: 1 | 3,
  orientation: Orientation,
): Promise<Pixels> =>
  decodeImage({ where: path, bytes: await readExtent({ path }) }, channels, orientation);
