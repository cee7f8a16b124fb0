import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@kcr/core';
import {
  type CocoAnnotation,
  type CocoBox,
  type CocoDetection,
  type CocoGroundTruth,
  type CocoType,
  detectedObjects,
  encodeRuns,
  readCoco,
  rleArea,
  rleFromPolygon,
  truthObjects,
} from '@kcr/data';
import { cocoEvaluate } from '@kcr/detect';

const [HEIGHT, WIDTH, OBJECTS, CATEGORIES] = [480, 640, 7, 80];

/** An ellipse in a box, as a polygon of 24 corners. */
const ellipse = ([x, y, w, h]: CocoBox): number[] =>
  Array.from({ length: 24 }, (_, i) => (2 * Math.PI * i) / 24).flatMap((angle) => [
    x + (w / 2) * (1 + Math.cos(angle)),
    y + (h / 2) * (1 + Math.sin(angle)),
  ]);

/** Runs of an ellipse as compressed text, and its area. */
function mask(box: CocoBox) {
  const rle = rleFromPolygon(ellipse(box), HEIGHT, WIDTH);
  const size: [number, number] = [HEIGHT, WIDTH];
  return { segmentation: { size, counts: encodeRuns(rle.runs) }, area: rleArea(rle) };
}

/** Writes a ground truth and detections around its objects, the same every time. */
export async function makeCoco(images: number, detections: number) {
  const generator = new Generator(0);
  const truth: CocoGroundTruth & { annotations: CocoAnnotation[] } = {
    images: Array.from({ length: images }, (_, i) => ({ id: i + 1, height: HEIGHT, width: WIDTH })),
    categories: Array.from({ length: CATEGORIES }, (_, i) => ({ id: i + 1, name: `c${i + 1}` })),
    annotations: [],
  };
  const found: CocoDetection[] = [];
  const between = (low: number, high: number) => low + (high - low) * generator.uniform();
  for (const { id: image_id } of truth.images) {
    const own = Array.from({ length: OBJECTS }, () => {
      const [w, h] = [between(10, 200), between(10, 200)];
      const bbox: CocoBox = [between(0, WIDTH - w), between(0, HEIGHT - h), w, h];
      return { image_id, category_id: 1 + generator.integer(CATEGORIES), bbox };
    });
    for (const object of own)
      truth.annotations.push({
        id: truth.annotations.length + 1,
        ...object,
        iscrowd: 0,
        ...mask(object.bbox),
      });
    for (let i = 0; i < detections; i++) {
      const { bbox, ...object } = own[generator.integer(OBJECTS)]!;
      const shift = (x: number) => x + 8 * generator.normal();
      const moved: CocoBox = [shift(bbox[0]), shift(bbox[1]), bbox[2], bbox[3]];
      const { segmentation } = mask(moved);
      found.push({ ...object, bbox: moved, segmentation, score: generator.uniform() });
    }
  }
  const folder = await mkdtemp(join(tmpdir(), 'kcr-coco-'));
  const [gt, dt] = [join(folder, 'gt.json'), join(folder, 'dt.json')];
  await writeFile(gt, JSON.stringify(truth));
  await writeFile(dt, JSON.stringify(found));
  return { gt, dt };
}

/** Reads both files and evaluates them. */
export async function evaluateCoco(gt: string, dt: string, type: CocoType) {
  const start = performance.now();
  const truth = await readCoco<CocoGroundTruth>(gt);
  const detections = await readCoco<CocoDetection[]>(dt);
  const { AP } = cocoEvaluate(
    truthObjects(truth, type).objects,
    detectedObjects(truth, detections, type).objects,
    truth.images.map(({ id }) => id),
    truth.categories.map(({ id }) => id),
  );
  return { ms: performance.now() - start, AP };
}
