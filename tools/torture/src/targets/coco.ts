import { join } from 'node:path';
import {
  type CocoDetection,
  checkGroundTruth,
  cocoInstances,
  detectedObjects,
  encodeRuns,
  readCoco,
  rleArea,
  truthObjects,
} from '@kcr/data';
import { cocoEvaluate } from '@kcr/detect';
import { chance } from '../mutate-bytes.ts';
import { type Json, mutateJson } from '../mutate-json.ts';
import { type Reader, require, requireFinite } from '../target.ts';
import { drawn } from './images.ts';

const [WIDTH, HEIGHT] = [16, 12];

/** A mask of a box as its runs. */
function runsOf(x: number, y: number, width: number, height: number): number[] {
  const rest = HEIGHT - height;
  const columns = Array.from({ length: width - 1 }, () => [rest, height]).flat();
  const before = x * HEIGHT + y;
  return [
    before,
    height,
    ...columns,
    WIDTH * HEIGHT - before - width * height - (width - 1) * rest,
  ];
}

function segmentation(i: number, [x, y, w, h]: readonly [number, number, number, number]): Json {
  const size = [HEIGHT, WIDTH];
  if (i % 3 === 0) return [[x, y, x + w, y, x + w, y + h, x, y + h]];
  const counts = runsOf(x, y, w, h);
  return { size, counts: i % 3 === 1 ? counts : encodeRuns(counts) };
}

const boxes = Array.from(
  { length: 9 },
  (_, i) => [i % 5, i % 4, 3 + (i % 6), 2 + (i % 5)] as const,
);

const truth: Json = {
  images: [1, 2, 3].map((id) => ({ id, width: WIDTH, height: HEIGHT, file_name: `${id}.png` })),
  categories: [
    { id: 1, name: 'a' },
    { id: 7, name: 'b' },
  ],
  annotations: boxes.map((bbox, i) => ({
    id: i + 1,
    image_id: 1 + (i % 3),
    category_id: i % 2 ? 7 : 1,
    bbox,
    area: bbox[2] * bbox[3],
    iscrowd: Number(i === 4),
    segmentation: segmentation(i, bbox),
  })),
};
const results: Json = boxes.map((bbox, i) => ({
  image_id: 1 + (i % 3),
  category_id: i % 2 ? 7 : 1,
  bbox,
  score: (i + 1) / 10,
  segmentation: segmentation(i + 1, bbox),
}));

const file = (value: Json): Buffer => Buffer.from(JSON.stringify(value));

/** `cocoInstances`: objects of a known class with finite boxes, and masks that cover their image. */
const annotations: Reader = {
  name: 'coco-annotations',
  async ready(folder) {
    for (const id of [1, 2, 3])
      await drawn(WIDTH, HEIGHT, 3)
        .png()
        .toFile(join(folder, `${id}.png`));
    return {
      mutate: (generator) => ({ 'truth.json': mutateJson(generator, truth) }),
      async read(files) {
        const invalid = files['truth.json']!.length % 2 ? 'skip' : 'error';
        const source = await cocoInstances(join(folder, 'truth.json'), folder, { invalid });
        const { images } = source.truth;
        for (const [i, { height, width }] of images.entries()) {
          const { shape } = await source.pixels(i);
          require(shape[0] === height && shape[1] === width, () => `image ${i}: [${shape}]`);
          for (const { box, label, mask } of source.instances(i)) {
            requireFinite(box, `the box of image ${i}`);
            require(box[2]! >= box[0]! && box[3]! >= box[1]!, () => `a box ${box}`);
            require(source.classes[label] !== undefined, () => `class ${label}`);
            if (mask)
              require(Array.from(mask.runs).reduce((sum, run) => sum + run, 0) ===
                height * width, () => `runs ${mask.runs}`);
          }
        }
      },
    };
  },
};

/** Ground truth and results as `kcr eval-coco` reads them: figures from 0 to 1, or -1. */
const evaluation: Reader = {
  name: 'coco-results',
  ready: async (folder) => ({
    mutate: (generator) => {
      const first = chance(generator, 0.5);
      return {
        'truth.json': first ? mutateJson(generator, truth) : file(truth),
        'results.json': first ? file(results) : mutateJson(generator, results),
      };
    },
    async read(files) {
      const [gt, dt] = [join(folder, 'truth.json'), join(folder, 'results.json')];
      const bytes = files['truth.json']!.length + files['results.json']!.length;
      const [type, policy] = [bytes % 2 ? 'segm' : 'bbox', bytes % 3 ? 'error' : 'skip'] as const;
      const read = await readCoco<unknown>(gt);
      checkGroundTruth(read, gt);
      const own = truthObjects(read, type, { invalid: policy, file: gt });
      const detections = await readCoco<CocoDetection[]>(dt);
      const found = detectedObjects(read, detections, type, {
        invalid: policy,
        files: { truth: gt, detections: dt },
      });
      for (const { box, mask, area } of [...own.objects, ...found.objects]) {
        requireFinite([box, area], 'a box');
        if (mask) requireFinite(rleArea(mask), 'an area');
      }
      const ids = (list: readonly { readonly id: number | string }[]) => list.map(({ id }) => id);
      const { objects } = found;
      const figures = cocoEvaluate(own.objects, objects, ids(read.images), ids(read.categories));
      for (const [name, x] of Object.entries(figures))
        require(x === -1 || (x >= 0 && x <= 1), () => `${name} is ${x}`);
    },
  }),
};

export const coco: readonly Reader[] = [annotations, evaluation];
