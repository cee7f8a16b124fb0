import { join } from 'node:path';
import { Generator } from '@kcr/core';
import { readImage, readLabelMap } from '@kcr/data';
import sharp, { type Sharp } from 'sharp';
import { oneOf } from '../mutate-bytes.ts';
import { mutateImage } from '../mutate-image.ts';
import { type Reader, require } from '../target.ts';

/** An image of drawn pixels. */
export function drawn(width: number, height: number, channels: 1 | 2 | 3 | 4): Sharp {
  const generator = new Generator(width * height * channels);
  const length = width * height * channels;
  const pixels = Uint8Array.from({ length }, () => generator.integer(256));
  return sharp(pixels, { raw: { width, height, channels } });
}

/** Bytes of the pixels that an image's header announces; none where it cannot be read. */
const bytesOf = (image: Uint8Array): Promise<number> =>
  sharp(image, { failOn: 'none' })
    .metadata()
    .then(
      ({ width, height }) => 4 * width * height,
      () => 0,
    );

const target = (name: string, make: () => Promise<Buffer[]>): Reader => ({
  name,
  async ready(folder) {
    const [path, files] = [join(folder, 'image'), await make()];
    return {
      mutate: (generator) => ({ image: mutateImage(generator, oneOf(generator, files)) }),
      claims: ({ image }) => bytesOf(image!),
      async read(given) {
        const channels = given.image!.length % 2 ? 3 : 1;
        const orientation = given.image!.length % 3 ? 'stored' : 'upright';
        const { data, shape } = await readImage(path, channels, orientation);
        const [height, width, depth] = shape;
        require(height > 0 &&
          width > 0 &&
          depth === channels &&
          data.length === height * width * depth, () => `${data.length} values for [${shape}]`);
      },
    };
  },
});

/** Label maps of 8 bits, of 16, and of a palette of few colours. */
const maps = () =>
  Promise.all([
    drawn(11, 7, 1).toColourspace('b-w').png().toBuffer(),
    drawn(6, 5, 1).toColourspace('grey16').png().toBuffer(),
    drawn(9, 4, 3).png({ palette: true, colours: 4 }).toBuffer(),
    drawn(9, 4, 3).png({ palette: true, colours: 16, progressive: true }).toBuffer(),
  ]);

/** `readLabelMap`: a number for each pixel. */
const labelMap: Reader = {
  name: 'label-map',
  async ready(folder) {
    const files = await maps();
    return {
      mutate: (generator) => ({ 'map.png': mutateImage(generator, oneOf(generator, files)) }),
      async read() {
        const { data, height, width } = await readLabelMap(join(folder, 'map.png'));
        require(height > 0 && width > 0 && data.length === height * width, () =>
          `${data.length} labels for ${height} x ${width}`);
      },
    };
  },
};

/** `readImage`: pixels of the image's shape. */
export const images: readonly Reader[] = [
  target('png', () =>
    Promise.all([
      drawn(20, 15, 3).png().toBuffer(),
      drawn(9, 8, 4).png({ progressive: true }).toBuffer(),
      drawn(12, 9, 1).toColourspace('b-w').png().toBuffer(),
      drawn(12, 9, 3).png({ palette: true, colours: 8 }).toBuffer(),
    ]),
  ),
  target('jpeg', () =>
    Promise.all([
      drawn(24, 17, 3).jpeg().toBuffer(),
      drawn(24, 17, 3).jpeg({ progressive: true, mozjpeg: true }).withExif({}).toBuffer(),
      drawn(16, 16, 1).toColourspace('b-w').jpeg().toBuffer(),
      drawn(16, 12, 3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      drawn(16, 12, 3).toColourspace('cmyk').jpeg().toBuffer(),
    ]),
  ),
  target('webp', () =>
    Promise.all([
      drawn(24, 17, 3).webp().toBuffer(),
      drawn(10, 9, 4).webp({ lossless: true }).toBuffer(),
    ]),
  ),
  target('tiff', () =>
    Promise.all([
      drawn(14, 9, 3).tiff({ compression: 'none' }).toBuffer(),
      drawn(14, 9, 3).tiff({ compression: 'lzw' }).toBuffer(),
      drawn(40, 33, 3)
        .tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 })
        .toBuffer(),
      drawn(16, 16, 3).tiff({ compression: 'jpeg' }).toBuffer(),
      drawn(11, 7, 1).toColourspace('b-w').tiff({ compression: 'packbits' }).toBuffer(),
      drawn(6, 5, 1).toColourspace('grey16').tiff({ compression: 'none' }).toBuffer(),
      drawn(9, 4, 4).tiff({ compression: 'lzw', predictor: 'horizontal' }).toBuffer(),
    ]),
  ),
  target('gif', () =>
    Promise.all([
      drawn(14, 9, 3).gif({ colours: 8 }).toBuffer(),
      drawn(9, 8, 4).gif().toBuffer(),
      drawn(12, 9, 3).gif({ progressive: true, colours: 2 }).toBuffer(),
      drawn(8, 24, 3).gif({ colours: 4 }).toBuffer(),
    ]),
  ),
  // Content of formats that are not read, under whatever name.
  target('other-image', async () => [
    await drawn(8, 6, 3).avif().toBuffer(),
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="4"><g/></svg>'),
    Buffer.from('P6 1 1 255 abc'),
    Buffer.from('%PDF-1.4 '),
  ]),
  labelMap,
];
