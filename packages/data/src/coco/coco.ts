import { readFile } from 'node:fs/promises';
import { KcrError } from '@kcr/core';
import { type InvalidPolicy, Refusals } from '../invalid.ts';
import { type Rle, rleArea, rleBox, type Segmentation, toRle } from './rle.ts';

/** [x, y, width, height] in pixels. */
export type CocoBox = readonly [number, number, number, number];

/** What COCO files say of an image. */
export interface CocoImage {
  readonly id: number;
  readonly height: number;
  readonly width: number;
  readonly file_name?: string;
}

/** An object of the ground truth. */
export interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: CocoBox;
  /** Of the mask, in pixels: it says whether the object is small, medium or large. */
  readonly area: number;
  /** 1 for a region of many objects, which detections may overlap without harm. */
  readonly iscrowd?: 0 | 1;
  readonly segmentation?: Segmentation;
}

/** A COCO file of instances. */
export interface CocoGroundTruth {
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly { readonly id: number; readonly name: string }[];
}

/** A detection, as in COCO's result files. */
export interface CocoDetection {
  readonly image_id: number;
  readonly category_id: number;
  readonly score: number;
  readonly bbox?: CocoBox;
  readonly segmentation?: Segmentation;
}

/** What is compared. */
export type CocoType = 'bbox' | 'segm';

/** A ground-truth object or a detection, ready to be compared. */
export interface CocoObject {
  readonly image: number;
  readonly category: number;
  readonly box: CocoBox;
  readonly area: number;
  readonly crowd: boolean;
  /** Absent when boxes are compared. */
  readonly mask?: Rle;
  /** Of detections. */
  readonly score: number;
}

export interface CocoObjects {
  readonly objects: CocoObject[];
  /** Where each was in the list. */
  readonly positions: number[];
  /** Left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** Reads a JSON file. @throws KcrError `COCO_READ` */
export async function readCoco<T>(path: string): Promise<T> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (cause) {
    throw new KcrError('COCO_READ', {
      where: path,
      found: (cause as Error).message,
      fix: "Pass a JSON file in COCO's format",
      cause,
    });
  }
}

/** Checks that something is a COCO ground truth. @throws KcrError `COCO_FORMAT` */
export function checkGroundTruth(file: unknown, where: string): asserts file is CocoGroundTruth {
  const missing = ['images', 'annotations', 'categories'].filter(
    (key) => !Array.isArray((file as Record<string, unknown> | null)?.[key]),
  );
  if (missing.length > 0)
    throw new KcrError('COCO_FORMAT', {
      where,
      found: `no list \`${missing.join('`, `')}\``,
      fix: 'Pass a file of instances: images, annotations, categories',
    });
}

/** Collects objects, and what is wrong with some. */
class Collector {
  readonly objects: CocoObject[] = [];
  readonly positions: number[] = [];
  readonly #refusals: Refusals;
  readonly #images: ReadonlyMap<number, CocoImage>;
  readonly #categories: ReadonlySet<number>;

  constructor(truth: CocoGroundTruth, policy: InvalidPolicy) {
    this.#refusals = new Refusals(policy);
    this.#images = new Map(truth.images.map((image) => [image.id, image]));
    this.#categories = new Set(truth.categories.map(({ id }) => id));
  }

  /** Adds what `make` gives, unless the image or the category is unknown or it throws. */
  add(
    position: number,
    where: string,
    { image_id, category_id }: Pick<CocoDetection, 'image_id' | 'category_id'>,
    make: (image: CocoImage) => CocoObject,
  ): void {
    const image = this.#images.get(image_id);
    if (!image) {
      this.#refusals.refuse('COCO_IMAGE', where, `image ${image_id}, which is not listed`);
      return;
    }
    if (!this.#categories.has(category_id)) {
      this.#refusals.refuse('COCO_CATEGORY', where, `category ${category_id}, which is not listed`);
      return;
    }
    try {
      this.objects.push(make(image));
      this.positions.push(position);
    } catch (error) {
      if (!(error instanceof KcrError) || this.#refusals.policy === 'error') throw error;
      this.#refusals.count(error.code);
    }
  }

  get skipped(): Readonly<Record<string, number>> {
    return this.#refusals.skipped;
  }
}

/** @throws KcrError `COCO_BOX` */
function checkBox(box: CocoBox | undefined, where: string): CocoBox {
  const fine = box?.length === 4 && box.every(Number.isFinite) && box[2] >= 0 && box[3] >= 0;
  if (fine) return box;
  throw new KcrError('COCO_BOX', {
    where,
    found: `a box ${JSON.stringify(box)}`,
    fix: 'Give [x, y, width, height] with sizes of 0 or more',
  });
}

/** @throws KcrError `COCO_SEGMENTATION`, `RLE_SIZE` */
function maskOf(segmentation: Segmentation | undefined, image: CocoImage, where: string): Rle {
  const empty = !segmentation || (Array.isArray(segmentation) && segmentation.length === 0);
  if (!empty) return toRle(segmentation, image.height, image.width, where);
  throw new KcrError('COCO_SEGMENTATION', {
    where,
    found: 'no segmentation',
    fix: 'Compare boxes (`bbox`), or give polygons or runs',
  });
}

/**
 * The objects of a ground truth.
 *
 * @throws KcrError with `error`: `COCO_IMAGE`, `COCO_CATEGORY`, `COCO_BOX`, `COCO_SEGMENTATION`, `RLE_SIZE`
 */
export function truthObjects(
  truth: CocoGroundTruth,
  type: CocoType,
  policy: InvalidPolicy = 'error',
): CocoObjects {
  const collector = new Collector(truth, policy);
  truth.annotations.forEach((annotation, i) => {
    const where = `annotation ${annotation.id}`;
    collector.add(i, where, annotation, (image) => ({
      image: annotation.image_id,
      category: annotation.category_id,
      score: 1,
      box: checkBox(annotation.bbox, where),
      area: annotation.area,
      crowd: annotation.iscrowd === 1,
      mask: type === 'segm' ? maskOf(annotation.segmentation, image, where) : undefined,
    }));
  });
  return collector;
}

/**
 * The objects of a list of detections. As in COCO's API the first of them decides for all where areas come from: from
 * boxes where it has one, else from masks.
 *
 * @throws KcrError as {@link truthObjects}, and `COCO_SCORE`
 */
export function detectedObjects(
  truth: CocoGroundTruth,
  detections: readonly CocoDetection[],
  type: CocoType,
  policy: InvalidPolicy = 'error',
): CocoObjects {
  const collector = new Collector(truth, policy);
  const boxed = (detections[0]?.bbox?.length ?? 0) > 0;
  detections.forEach((detection, i) => {
    const where = `detection ${i}`;
    collector.add(i, where, detection, (image) => {
      const { image_id, category_id, score } = detection;
      if (!Number.isFinite(score))
        throw new KcrError('COCO_SCORE', {
          where,
          found: `a score of ${score}`,
          fix: 'Give a finite number',
        });
      const mask =
        type === 'segm' || !boxed ? maskOf(detection.segmentation, image, where) : undefined;
      const box = boxed ? checkBox(detection.bbox, where) : rleBox(mask!);
      const area = boxed ? box[2] * box[3] : rleArea(mask!);
      return { image: image_id, category: category_id, score, crowd: false, box, area, mask };
    });
  });
  return collector;
}
