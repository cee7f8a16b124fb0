import { readFile } from 'node:fs/promises';
import {
  type CocoDetection,
  type CocoType,
  checkGroundTruth,
  detectedObjects,
  truthObjects,
} from '@kcr/data';
import { expect, test } from 'vitest';
import { type CocoSummary, cocoEvaluate } from './evaluate.ts';

interface Case {
  name: string;
  report: string;
  truth: unknown;
  detections: CocoDetection[];
  /** The figures, or how it fails. */
  reference: Record<CocoType, CocoSummary | string>;
}

/** With pycocotools 2.0.11's answers (tools/parity/add_coco_references.py). */
const cases: Case[] = JSON.parse(
  await readFile(new URL('../../fixtures/coco-files.json', import.meta.url), 'utf8'),
);

function evaluate({ truth, detections }: Case, type: CocoType): CocoSummary {
  checkGroundTruth(truth, 'gt');
  return cocoEvaluate(
    truthObjects(truth, type).objects,
    detectedObjects(truth, detections, type).objects,
    truth.images.map(({ id }) => id),
    truth.categories.map(({ id }) => id),
  );
}

const both = (refusal: string) => ({ bbox: refusal, segm: refusal });
const masks = (refusal: string) => ({ segm: refusal });
const polygon = masks('COCO_SEGMENTATION annotations[0].segmentation (id 1)');
const runs = masks('RLE_SIZE annotations[0].segmentation (id 1)');
const text = masks('RLE_TEXT annotations[0].segmentation (id 1)');
const ids = both('COCO_ID gt: images[0].id');
const height = masks('COCO_SIZE images[0].height (id 1)');
const crowd = both('COCO_CROWD annotations[0].iscrowd (id 1)');
const area = both('COCO_AREA annotations[0].area (id 1)');
const box = both('COCO_BOX annotations[0].bbox (id 1)');
const found = both('COCO_BOX detections[0].bbox');
const perfect = { AP: 1, AR100: 1 };

/**
 * What ours does where it is not what pycocotools does: the code and the place of an error, or figures. All else is as
 * pycocotools has it.
 */
const OURS: Record<string, Partial<Record<CocoType, string | Partial<CocoSummary>>>> = {
  // pycocotools takes the id 0 for no match.
  'ids-from-zero': { bbox: perfect, segm: perfect },
  'gt-as-dt': { bbox: perfect, segm: perfect },
  // pycocotools takes the last of them twice.
  'dup-ann-ids': { bbox: perfect, segm: perfect },
  // pycocotools fails; there is one answer all the same.
  'empty-dt': { bbox: { AP: 0, AR100: 0 }, segm: { AP: 0, AR100: 0 } },
  'no-iscrowd': { bbox: perfect, segm: perfect },
  'crowd-null': { bbox: { APs: 1 }, segm: { APs: 1 } },
  // pycocotools fails, and so do we.
  'dt-dict': both('COCO_FORMAT detections'),
  'empty-seg': polygon,
  'mixed-dets': both('COCO_BOX detections[1].bbox'),
  'mixed-ids': both('COCO_IMAGE detections[0].image_id'),
  'nested-points': polygon,
  'no-area': area,
  'null-area': area,
  'area-text': area,
  'no-bbox': { bbox: 'COCO_BOX annotations[0].bbox (id 1)' },
  'no-size': height,
  'poly-dicts': polygon,
  'poly-flat': polygon,
  'poly-null': polygon,
  poly2: polygon,
  poly4: polygon,
  'segm-json-null': polygon,
  'string-score': both('COCO_SCORE detections[0].score'),
  'score-null': both('COCO_SCORE detections[0].score'),
  'crowd-list': crowd,
  'gt-box-3': box,
  'gt-box-empty': { bbox: 'COCO_BOX annotations[0].bbox (id 1)' },
  'dt-box-null': found,
  'dt-box-text': found,
  'dt-image-unknown': both('COCO_IMAGE detections[0].image_id'),
  'dt-entry-null': both('COCO_FORMAT detections[2]'),
  'gt-entry-null': both('COCO_FORMAT annotations[2]'),
  'image-null': both('COCO_FORMAT gt: images[2]'),
  'image-no-id': ids,
  'category-id-null': both('COCO_ID gt: categories[1].id'),
  'gt-no-id': both('COCO_ID annotations[0].id'),
  'image-ids-of-both-types': both('COCO_ID gt: images[1].id'),
  'size-text': height,
  'size-negative': height,
  'rle-half': runs,
  'rle-negative': runs,
  'rle-short': runs,
  'rle-long': runs,
  'rle-null': runs,
  'rle-no-size': polygon,
  'rle-cut': text,
  'rle-no-end': text,
  'poly-text-bad': polygon,
  'poly-1e9': polygon,
  'poly-text': polygon,
  'poly-number': polygon,
  'poly-object': polygon,
  'poly-first-empty': polygon,
  // pycocotools passes over what cannot be meant so.
  'bytes-repr': both('RLE_TEXT detections[0].segmentation'),
  'negative-box': both('COCO_BOX detections[0].bbox'),
  'crowd-text': crowd,
  'crowd-half': crowd,
  'area-true': area,
  'gt-box-text': box,
  'gt-box-negative': box,
  'gt-box-null': box,
  'score-true': both('COCO_SCORE detections[0].score'),
  'dt-category-unknown': both('COCO_CATEGORY detections[0].category_id'),
  'gt-image-unknown': both('COCO_IMAGE annotations[0].image_id (id 1)'),
  'gt-category-unknown': both('COCO_CATEGORY annotations[0].category_id (id 1)'),
  'size-zero': height,
  'size-half': height,
  'size-huge': height,
  'rle-other-size': runs,
  'rle-text': runs,
  'rle-foreign': text,
  'poly-true': polygon,
};

test('each difference is one of a case, and no case is told apart by its name alone', () => {
  const names = cases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(Object.keys(OURS)));
});

test.each(
  cases.flatMap((given) =>
    (['bbox', 'segm'] as const).map((type) => [given.report, type, given] as const),
  ),
)('%s, %s', (_, type, given) => {
  const own = OURS[given.name]?.[type];
  if (typeof own === 'string') {
    const [code, ...where] = own.split(' ');
    expect(() => evaluate(given, type)).toThrow(
      expect.objectContaining({ code, where: where.join(' ') }),
    );
    return;
  }
  const expected = own ?? given.reference[type];
  const summary = evaluate(given, type);
  expect(expected).toBeTypeOf('object');
  for (const [figure, value] of Object.entries(expected))
    expect(summary[figure as keyof CocoSummary], figure).toBeCloseTo(value, 9);
});
