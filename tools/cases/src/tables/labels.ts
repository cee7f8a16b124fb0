import type { Area, Expectation, Row } from '../row.ts';

const evaluate = (name: string) =>
  ['eval', '{made}/checkpoints/background', '--data', `{made}/labels/${name}`, '--json'] as const;

/** What a model comes to that takes every pixel for the background. @param things pixels of the other class, as Pillow reads the map */
function counted(things: number, pixels: number): Expectation {
  const share = 1 - things / pixels;
  return {
    figures: {
      n: 1,
      pixelAccuracy: share,
      'iou.background': share,
      'iou.thing': 0,
      meanIou: share / 2,
    },
  };
}

const refused = (
  error: Extract<Expectation, { error: unknown }>['error'],
  ...names: string[]
): Expectation => ({ error, names });

const square = counted(100, 32 * 32);
const NO_PNG = ['Give a PNG with one channel'];

const cases: readonly [name: string, source: string, expect: Expectation][] = [
  ['plain', 'grey of 8 bits', square],
  ['palette', 'a palette', square],
  ['palette-4bit', 'a palette of 4 bits', square],
  ['palette-optimized', 'a palette of the colours that are used', square],
  ['palette-trns', 'a palette with a transparent colour', square],
  ['onebit', 'black and white', square],
  ['sixteen', 'grey of 16 bits', square],
  ['oddsize', 'another size than the model takes', counted(100, 47 * 61)],
  // One class is there; nothing can be said of the other.
  [
    '0-255',
    'open-mmlab/mmsegmentation#1609, #2598: masks of 0 and 255',
    {
      figures: { meanIou: 1 },
      absent: ['iou.thing'],
      warns: 'no pixel is, or was taken for, thing',
    },
  ],
  [
    'all-255',
    'no pixel with a label',
    { figures: { n: 1 }, absent: ['meanIou'], warns: 'no mean IoU' },
  ],
  ['rgb', 'colours', refused('LABEL_MAP_READ', 'labels/0.png', 'RGB', ...NO_PNG)],
  [
    'rgba',
    'colours with transparency',
    refused('LABEL_MAP_READ', 'labels/0.png', 'RGB', ...NO_PNG),
  ],
  [
    'sixteen-ignore',
    '65535 for pixels that do not count',
    refused('LABEL_MAP_CLASS', 'labels/0.png', '65535'),
  ],
  [
    'out-of-range',
    'a label above the last class',
    refused('LABEL_MAP_CLASS', 'labels/0.png', 'the label 2'),
  ],
  ['tiny', 'another size than the image', refused('LABEL_MAP_SIZE', 'labels/0.png', '1 x 1')],
  [
    'suffix',
    'maps of other names',
    refused('LABEL_MAP_MISSING', 'images/0.png', 'no 0.png', '--invalid skip'),
  ],
  [
    'jpeglabels',
    'JPEG, which changes labels',
    refused('LABEL_MAP_READ', 'labels/0.jpg', ...NO_PNG),
  ],
  ['bmp-labels', 'BMP', refused('LABEL_MAP_MISSING', 'images/0.png', 'no 0.png')],
  ['bomb', '600 million pixels in a small file', refused('IMAGE_READ', 'labels/0.png')],
  [
    'lying',
    'a header that says more pixels than there are',
    refused('LABEL_MAP_READ', 'labels/0.png'),
  ],
];

/** Label maps, through `kcr eval` of a segmenter. */
export const labels: Area = {
  area: 'label maps',
  rows: [
    ...cases.map(
      ([name, source, expected]): Row => ({
        name: `labels ${name}`,
        source,
        args: evaluate(name),
        expect: expected,
      }),
    ),
    {
      name: 'training without labels',
      source: 'a segmenter that is measured on nothing says so',
      args: [
        'compress',
        '{made}/recipes/no-labels.json',
        '--data',
        '{made}',
        '--out',
        '{out}',
        '--json',
      ],
      expect: { figures: {}, absent: ['compact.meanIou'], warns: 'validation: no mean IoU' },
    },
  ],
};
