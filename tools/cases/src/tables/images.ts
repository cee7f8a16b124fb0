import type { Area, Expectation, Row } from '../row.ts';

const predict = (...images: string[]) =>
  [
    'predict',
    ...images,
    '--model',
    '{made}/checkpoints/pixels',
    '--out',
    '{out}',
    '--json',
  ] as const;

/** Images of which the model must say what it says of Pillow's `convert('RGB')` of them, which is stored beside. */
const asPillow: readonly [file: string, source: string][] = [
  ['plain.png', 'a PNG'],
  ['UPPER.JPEG', 'an ending in capitals'],
  ['with space ü.PNG', 'a name with a space and an umlaut'],
  ['png_named.jpg', 'a PNG named .jpg'],
  ['progressive.jpg', 'a progressive JPEG'],
  ['trailing.jpg', 'bytes behind the end'],
  ['greyjpeg.jpg', 'a grey JPEG'],
  ['cmyk.jpg', 'lovell/sharp: CMYK, inverted by Adobe'],
  ['cmyk.tif', 'CMYK in TIFF'],
  [
    'exif6.jpg',
    'facebookresearch/detectron2#788: to be turned by a quarter; classifiers take it as stored',
  ],
  ['exif3.jpg', 'openvinotoolkit/datumaro#1756: to be turned by a half'],
  ['grey8.png', 'grey of 8 bits'],
  ['onebit.png', 'black and white'],
  ['la.png', 'grey with transparency'],
  ['rgba.png', 'lovell/sharp#605, chaiNNer#1323: transparent pixels keep their colours'],
  ['palette.png', 'a palette'],
  ['palette_trns.png', 'a palette with a transparent colour'],
  ['srgb_icc.png', 'a colour profile'],
  ['image.gif', 'a GIF'],
  ['anim.gif', 'an animation: the first frame'],
  ['image.webp', 'a WebP without losses'],
  ['anim.webp', 'an animated WebP'],
  ['image.tif', 'a TIFF'],
  ['image.tiff', 'a TIFF with LZW'],
  ['pages.tif', 'a TIFF with pages'],
  ['one.png', 'one pixel'],
  ['strip.png', '4000 x 1 pixels: the drawing had no height'],
  ['strip2.png', '1 x 4000 pixels'],
];

/** Images that are refused; Pillow reads those of the second half, as white or after other conversions. */
const refused: readonly [file: string, source: string, found: string][] = [
  ['empty.jpg', 'no byte', 'mpty'],
  ['html.jpg', 'a page of a server instead of an image', 'format'],
  ['truncated.jpg', 'cut off', 'premature end'],
  ['grey16.png', 'Pillow makes values above 255 white', 'grey values'],
  ['grey12in16.png', '12 bits, of which Pillow makes white', 'grey values'],
  ['float.tif', 'fractions, of which Pillow makes black', 'grey values'],
  ['image.bmp', 'lovell/sharp#1147, #3843', 'format'],
  ['image.jp2', 'JPEG 2000', 'format'],
  ['image.ppm', 'PPM', 'format'],
  ['lab.tif', 'Lab colours', 'lab'],
];

const unreadable = (file: string, ...names: string[]): Expectation => ({
  error: 'IMAGE_READ',
  names: [file, '--invalid skip', ...names],
});

/** Images of all kinds, through `kcr predict`. */
export const images: Area = {
  area: 'images',
  rows: [
    ...asPillow.map(
      ([file, source]): Row => ({
        name: `image ${file}`,
        source,
        args: predict(`{data}/images/${file}`, `{data}/pillow/${file}.png`),
        expect: { same: true },
      }),
    ),
    ...refused.map(
      ([file, source, found]): Row => ({
        name: `image ${file}`,
        source,
        args: predict(`{data}/images/${file}`),
        expect: unreadable(file, found),
      }),
    ),
    {
      name: 'predict stops before it has written anything',
      source: 'one damaged file among others',
      args: predict('{made}/truncated/cat'),
      expect: unreadable('t.jpg'),
    },
    {
      name: 'predict leaves a damaged file out',
      source: 'one damaged file among others',
      args: [...predict('{made}/truncated/cat'), '--invalid', 'skip'],
      expect: {
        figures: { 'images.0.height': 40 },
        absent: ['images.1.height'],
        warns: '1 entries left out (IMAGE_READ)',
      },
    },
    {
      name: 'predict without images',
      source: 'a folder without any',
      args: predict('{made}/recipes'),
      expect: { error: 'PREDICT_INPUT', names: ['recipes', 'no images'] },
    },
  ],
};
