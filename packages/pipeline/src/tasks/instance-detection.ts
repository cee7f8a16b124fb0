import { KcrError } from '@kcr/core';
import { firstNames, isInOrder, knownClasses, matchClasses } from '@kcr/core/internal';
import {
  cocoInstances,
  type InstanceDataset,
  instanceDataset,
  instanceFolder,
  type Pixels,
} from '@kcr/data';
import {
  detectImage,
  detectImages,
  type FoundObject,
  instanceDetection,
  toCoco,
} from '@kcr/detect';
import { type DrawOptions, drawObjects } from '../report/draw.ts';
import { reportSkipped } from '../report-skipped.ts';
import { framedGallery, GALLERY_TILE } from './framed-gallery.ts';
import { refuseOthers } from './refuse-options.ts';
import { defineTaskKit, type TaskKit } from './task-kit.ts';

/** Objects that are drawn, at least this sure. */
const DRAWN_SCORE = 0.3;

const drawSure = (
  image: Pixels,
  objects: readonly FoundObject[],
  classes: readonly string[],
  { score: least = DRAWN_SCORE, ...options }: DrawOptions & { score?: number },
) =>
  drawObjects(
    image,
    objects.filter(({ score }) => score >= least),
    classes,
    options,
  );

/**
 * Refuses annotations whose categories are not the model's classes, in their order. Of a model that does not name its classes the
 * number alone is known.
 *
 * @throws KcrError `DATASET_CLASSES`
 */
function requireCategories(
  categories: readonly string[],
  classes: readonly string[],
  where: string,
): void {
  const known = knownClasses(classes);
  const isAlike = typeof known === 'number' || isInOrder(matchClasses(known, categories));
  if (isAlike && categories.length === classes.length) return;
  const found =
    categories.length === classes.length
      ? `the categories ${firstNames(categories)} for a model of ${firstNames(classes)}`
      : `${categories.length} categories for a model of ${classes.length} classes`;
  throw new KcrError('DATASET_CLASSES', {
    where,
    found,
    fix: 'Use annotations with the categories that the model was trained for, in their order',
  });
}

/** Boxes and masks of objects, from a COCO file or from PNGs that number them. */
export const instanceDetectionKit: TaskKit<InstanceDataset, readonly FoundObject[]> = defineTaskKit(
  {
    task: instanceDetection.name,
    contract: 1,
    kinds: ['instances', 'coco'],

    async evaluationData({ model, info }, request, on) {
      refuseOthers(instanceDetection.name, request, ['annotations']);
      const { data, annotations, invalid } = request;
      const { classes, input } = info;
      const [height, width, channels] = model.inputShape;
      const reader = { channels: channels as 1 | 3, invalid };
      const source = annotations
        ? await cocoInstances(annotations, data, reader)
        : await instanceFolder(data, { className: classes[0], ...reader });
      const where = annotations ?? data;
      reportSkipped(on, where, source);
      requireCategories(source.classes, classes, where);
      const { resize } = input;
      return instanceDataset(source, { normalization: input, canvas: { height, width }, resize });
    },

    artifacts: {
      /** In COCO's format. */
      detections: {
        async content(inference, data, batchSize) {
          const { detections } = await detectImages(inference, data, batchSize);
          return `${JSON.stringify(detections)}\n`;
        },
      },
    },

    predict: ({ step, info }, { pixels }) => detectImage(step, pixels, info.input),
    describe: (objects, _image, id, classes) => ({
      objects: toCoco(
        objects,
        id,
        classes.map((_, i) => ({ id: i + 1 })),
      ),
    }),
    draw: drawSure,
    legend: () => [],
    files: () => ({}),

    gallery: framedGallery<InstanceDataset, readonly FoundObject[]>({
      nameOf({ source }, i) {
        const { id, file_name } = source.truth.images[i]!;
        return file_name?.split('/').at(-1) ?? String(id);
      },
      truth: ({ source }, i) => source.instances(i).map((instance) => ({ ...instance, score: 1 })),
      predict: (inference, { info }, _data, pixels) => detectImage(inference, pixels, info.input),
      draw: (image, objects, classes) => drawSure(image, objects, classes, { size: GALLERY_TILE }),
    }),
  },
);
