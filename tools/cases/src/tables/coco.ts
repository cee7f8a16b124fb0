import references from '../../data/coco/references.json' with { type: 'json' };
import type { Area, Expectation, Row } from '../row.ts';

type Case = [
  name: string,
  source: string,
  type: 'bbox' | 'segm',
  expect: 'as the reference' | Expectation,
];

/** What pycocotools gives. */
function referenceOf(name: string): Expectation {
  const found: unknown = (references as Record<string, unknown>)[name];
  if (typeof found !== 'object') throw new Error(`${name}: pycocotools gives ${found}`);
  return { figures: found as Record<string, number> };
}

const truth = (
  error: Extract<Expectation, { error: unknown }>['error'],
  field: string,
  ...more: string[]
) => ({ error, names: ['gt.json: ', field, ...more] }) as const;
const detection = (
  error: Extract<Expectation, { error: unknown }>['error'],
  field: string,
  ...more: string[]
) => ({ error, names: ['dt.json: ', field, ...more] }) as const;

/** What objects found exactly give: all are small, or large where said. */
const perfect = (sizes: readonly ('s' | 'm' | 'l')[]): Expectation => ({
  figures: Object.fromEntries(
    ['AP', 'AP50', 'AP75', 'AR100', ...sizes.flatMap((size) => [`AP${size}`, `AR${size}`])].map(
      (key) => [key, 1],
    ),
  ),
});

const MASK = 'annotations[0].segmentation';
const same = 'as the reference';

const cases: readonly Case[] = [
  ['bool-iscrowd', 'iscrowd as true and false, as converters write it', 'bbox', same],
  ['box-only-segm', 'detections without masks compared as masks', 'segm', same],
  [
    'bytes-repr',
    'counts as the text of a bytes object',
    'segm',
    detection('RLE_TEXT', 'detections[0]', '.decode()'),
  ],
  ['cats-gaps', 'ids of categories with gaps, in no order', 'bbox', same],
  [
    'dt-dict',
    'detections as a whole data set',
    'bbox',
    { error: 'COCO_FORMAT', names: ['dt.json', 'a list of'] },
  ],
  // Of annotations with one id pycocotools counts the last one again and again.
  ['dup-ann-ids', 'merged exports: annotations with one id', 'bbox', perfect(['s', 'l'])],
  ['dup-image', 'an image twice', 'bbox', same],
  // pycocotools fails on an empty list.
  ['empty-dt', 'cocodataset/cocoapi#450, #675', 'bbox', { figures: { AP: 0, AR100: 0 } }],
  ['empty-seg', 'matterport/Mask_RCNN#2532', 'segm', truth('COCO_SEGMENTATION', MASK, '(id 1)')],
  ['equal-scores', 'equal scores over images', 'bbox', same],
  ['float-size', 'ids and sizes as fractions, as pandas writes them', 'bbox', same],
  // pycocotools takes the id 0 for "no match".
  ['gt-as-dt', 'cocodataset/cocoapi#638', 'segm', perfect(['s', 'l'])],
  ['ids-from-zero', 'cocodataset/cocoapi#507, pytorch/vision#1530', 'bbox', perfect(['s'])],
  ['many-dets', 'more than 100 objects in an image', 'bbox', same],
  [
    'mixed-dets',
    'some detections without boxes',
    'bbox',
    detection('COCO_BOX', 'detections[1].bbox'),
  ],
  [
    'mixed-ids',
    'ids of images as texts and as numbers',
    'bbox',
    detection('COCO_IMAGE', 'detections[0].image_id', '7'),
  ],
  ['mixed-poly', 'the second polygon empty', 'segm', same],
  ['nan-score', 'NaN as Python writes it', 'bbox', detection('COCO_SCORE', 'detections[0].score')],
  [
    'negative-box',
    'a box of negative width',
    'bbox',
    detection('COCO_BOX', 'detections[0].bbox', '-20'),
  ],
  [
    'nested-points',
    'open-mmlab/mmpose#2248: polygons of points',
    'segm',
    truth('COCO_SEGMENTATION', MASK),
  ],
  ['no-annotations', 'nothing to find', 'bbox', same],
  [
    'no-area',
    'open-mmlab/mmdetection#804, PaddleDetection#2832',
    'bbox',
    truth('COCO_AREA', 'annotations[0].area'),
  ],
  ['no-bbox', 'labelme2coco: masks without boxes', 'segm', same],
  ['no-iscrowd', 'cocodataset/cocoapi#374', 'bbox', perfect(['s'])],
  ['no-size', 'images without width and height', 'segm', truth('COCO_SIZE', 'images[0].height')],
  ['null-area', 'area null', 'bbox', truth('COCO_AREA', 'annotations[0].area')],
  [
    'poly-dicts',
    'polygons of {x, y}, as VIA and labelme export',
    'segm',
    truth('COCO_SEGMENTATION', MASK),
  ],
  [
    'poly-flat',
    'a polygon as one flat list',
    'segm',
    truth('COCO_SEGMENTATION', MASK, 'a list of polygons'),
  ],
  [
    'poly-null',
    'a coordinate null, of which pycocotools dies',
    'segm',
    truth('COCO_SEGMENTATION', MASK, 'null'),
  ],
  ['poly-odd', 'an odd number of coordinates', 'segm', same],
  ['poly-outside', 'a polygon partly outside its image', 'segm', same],
  ['poly-strings', 'coordinates as texts', 'segm', same],
  ['poly2', 'a polygon of one point', 'segm', truth('COCO_SEGMENTATION', MASK)],
  ['poly4', 'cocodataset/cocoapi#369', 'segm', truth('COCO_SEGMENTATION', MASK)],
  ['rle-uncompressed-gt', 'runs that are not compressed', 'segm', same],
  ['segm-json-null', 'segmentation null', 'segm', truth('COCO_SEGMENTATION', MASK)],
  ['string-ids', 'names of files as ids', 'bbox', same],
  [
    'string-score',
    'a score as text',
    'bbox',
    detection('COCO_SCORE', 'detections[0].score', '"0.9"'),
  ],
  ['zero-area', 'open-mmlab/mmpose#2248: an area of 0', 'bbox', same],
  [
    'poly-far',
    'a coordinate of 10^9: no memory',
    'segm',
    truth('COCO_SEGMENTATION', MASK, '1000000000'),
  ],
  ['half-runs', 'runs of half a pixel', 'segm', truth('RLE_SIZE', MASK, '0.5')],
];

const evalCoco = (gt: string, dt: string, type: string) =>
  ['eval-coco', '--gt', gt, '--dt', dt, '--type', type, '--json'] as const;

const rows = cases.map(
  ([name, source, type, expected]): Row => ({
    name: `coco ${name}`,
    source,
    args: evalCoco(`{data}/coco/${name}/gt.json`, `{data}/coco/${name}/dt.json`, type),
    expect: expected === same ? referenceOf(name) : (expected as Expectation),
  }),
);

/** Pairs of files for `kcr eval-coco`. */
export const coco: Area = {
  area: 'COCO files',
  rows: [
    ...rows,
    {
      name: 'coco lists nested 100,000 deep',
      source: 'fuzzing: the stack overflows',
      args: evalCoco('{data}/coco/cats-gaps/gt.json', '{made}/deep.json', 'bbox'),
      expect: { error: 'COCO_READ', names: ['deep.json', 'nested'] },
    },
    {
      name: 'coco one wrong box left out',
      source: 'detections of which some are wrong',
      args: [
        ...evalCoco('{data}/coco/negative-box/gt.json', '{data}/coco/negative-box/dt.json', 'bbox'),
        ...['--invalid', 'skip'],
      ],
      expect: { figures: { AP: 1, APs: 1 }, warns: '1 entries left out (COCO_BOX)' },
    },
  ],
};
