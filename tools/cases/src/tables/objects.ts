import type { Area, Expectation, Row } from '../row.ts';

const evaluate = (annotations: string, images: string) =>
  [
    ...[
      'eval',
      '{made}/checkpoints/detector',
      '--data',
      `{made}/${images}`,
      '--annotations',
      annotations,
    ],
    '--json',
  ] as const;

/** A detector that finds nothing has a precision of 0 where there is something to find, else none. */
const NONE: Expectation = { figures: { n: 6, boxAP: 0 } };
const NOTHING: Expectation = {
  figures: { n: 6 },
  absent: ['boxAP'],
  warns: 'no box AP: there is nothing in the data to find',
};

const refused = (
  error: Extract<Expectation, { error: unknown }>['error'],
  file: string,
  field: string,
): Expectation => ({
  error,
  names: [`${file}.json: annotations[0].${field}`],
});

const cases: readonly [file: string, source: string, expect: Expectation][] = [
  ['normal', 'two objects in each image', NONE],
  ['half-empty', 'images without objects', NONE],
  ['all-empty', 'no object anywhere: -100.0 % was shown', NOTHING],
  ['crowd-only', 'nothing but crowds', NOTHING],
  ['bool-crowd', 'iscrowd as true', NOTHING],
  ['float-box', 'boxes between pixels', NONE],
  ['one-pixel', 'an object of half a pixel', NONE],
  ['no-area', 'objects without areas', refused('COCO_AREA', 'no-area', 'area')],
  [
    'flat-poly',
    'a polygon as one flat list',
    refused('COCO_SEGMENTATION', 'flat-poly', 'segmentation'),
  ],
  [
    'point-pairs',
    'polygons of points',
    refused('COCO_SEGMENTATION', 'point-pairs', 'segmentation'),
  ],
  ['no-seg', 'empty segmentations', refused('COCO_SEGMENTATION', 'no-seg', 'segmentation')],
  ['edge-box', 'a box over the edge of its image', refused('COCO_BOX', 'edge-box', 'bbox')],
];

/** Images with objects, through `kcr eval` of a detector. */
export const objects: Area = {
  area: 'objects',
  rows: [
    ...cases.map(
      ([file, source, expected]): Row => ({
        name: `objects ${file}`,
        source,
        args: evaluate(`{data}/detect/${file}.json`, 'objects'),
        expect: expected,
      }),
    ),
    {
      name: 'objects wide',
      source: 'images of 90 x 20 pixels',
      args: evaluate('{data}/detect/wide.json', 'objects-wide'),
      expect: NONE,
    },
    {
      name: 'objects as they are shown',
      source: 'facebookresearch/detectron2#788, openvinotoolkit/datumaro#1756: EXIF orientation',
      args: evaluate('{made}/exif-shown.json', 'objects-exif'),
      expect: { figures: { n: 1, boxAP: 0 } },
    },
    {
      name: 'objects as they are stored',
      source: 'sizes before the image is turned',
      args: evaluate('{made}/exif-stored.json', 'objects-exif'),
      expect: { error: 'COCO_IMAGE_SIZE', names: ['exif6.jpg', '40', '60'] },
    },
  ],
};
