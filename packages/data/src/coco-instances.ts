import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KcrError } from '@kcr/core';
import { checkGroundTruth } from './coco/check-ground-truth.ts';
import { checkImageSize } from './coco/fields.ts';
import type {
  CocoAnnotation,
  CocoBox,
  CocoCategory,
  CocoGroundTruth,
  CocoId,
  CocoImage,
} from './coco/format.ts';
import type { CocoObject, CocoType } from './coco/objects.ts';
import { type Place, placeOf } from './coco/place.ts';
import { readCoco } from './coco/read-coco.ts';
import { type TruthOptions, truthObjects } from './coco/truth-objects.ts';
import { filesDigest } from './file-digests.ts';
import { readImage } from './image.ts';
import { checkSize, type InstanceSource, instanceSource } from './instance-source.ts';
import { type InvalidPolicy, Refusals } from './invalid.ts';
import { readable } from './readable.ts';

export interface CocoSourceOptions {
  channels?: 1 | 3;
  /** Whether masks are read. Default: where every annotation has one. */
  masks?: boolean;
  /** Entries that cannot be used: an error, or left out and counted. Default `error`. */
  invalid?: InvalidPolicy;
}

/** What is wrong with the place of an object, if anything. */
function misplaced([x, y, w, h]: CocoBox, image: CocoImage): string | undefined {
  const size = `an image of ${image.width} x ${image.height} pixels`;
  if (!(w > 0 && h > 0)) return `an empty box ${JSON.stringify([x, y, w, h])}`;
  // COCO's own boxes reach over the border by rounding.
  const inside = x >= -1 && y >= -1 && x + w <= image.width + 1 && y + h <= image.height + 1;
  return inside ? undefined : `a box ${JSON.stringify([x, y, w, h])} outside ${size}`;
}

/** An entry of a list of a COCO file, and where it is. */
interface Placed<T> {
  readonly entry: T;
  readonly place: Place;
}

/** The entries of a list by their ids: the same thing twice is one, two things with one id are refused. */
function distinct<T extends { readonly id: CocoId }>(
  entries: readonly T[],
  list: string,
  file: string,
  refusals: Refusals,
): ReadonlyMap<CocoId, Placed<T>> {
  const byId = new Map<CocoId, Placed<T>>();
  entries.forEach((entry, i) => {
    const place = placeOf(list, i, entry.id, file);
    const known = byId.get(entry.id);
    if (!known) byId.set(entry.id, { entry, place });
    else if (JSON.stringify(known.entry) !== JSON.stringify(entry))
      refusals.refuse('COCO_ID', place('id'), `another entry with the id of ${known.place()}`);
  });
  return byId;
}

/** The images that have a size and a file; the others are refused. */
function usableImages(
  listed: ReadonlyMap<CocoId, Placed<CocoImage>>,
  folder: string,
  refusals: Refusals,
): CocoImage[] {
  const usable: CocoImage[] = [];
  for (const { entry, place } of listed.values()) {
    const { file_name } = entry;
    const path = typeof file_name === 'string' && file_name ? join(folder, file_name) : undefined;
    if (!path || !existsSync(path)) {
      refusals.refuse('COCO_IMAGE_FILE', place('file_name'), path ? `no file ${path}` : 'no name');
      continue;
    }
    if (refusals.accepts(() => checkImageSize(entry, place))) usable.push(entry);
  }
  return usable;
}

/** @throws KcrError `COCO_FORMAT` for a category without a name */
function checkNames(categories: Iterable<Placed<CocoCategory>>): void {
  for (const { entry, place } of categories)
    if (typeof entry.name !== 'string')
      throw new KcrError('COCO_FORMAT', {
        where: place('name'),
        found: 'no name',
        fix: 'Name the category',
      });
}

/** Objects, and the annotations that they are of. */
interface AnnotatedObjects {
  readonly objects: readonly CocoObject[];
  readonly annotations: readonly CocoAnnotation[];
}

/** The objects of a ground truth that lie in their images; the others are refused. */
function objectsInImages(
  truth: CocoGroundTruth,
  type: CocoType,
  { file, passOver }: TruthOptions,
  refusals: Refusals,
): AnnotatedObjects {
  const read = truthObjects(truth, type, { invalid: refusals.policy, file, passOver });
  for (const [code, n] of Object.entries(read.skipped)) refusals.count(code, n);
  const byId = new Map(truth.images.map((image) => [image.id, image]));
  const objects: CocoObject[] = [];
  const annotations: CocoAnnotation[] = [];
  read.objects.forEach((object, i) => {
    const position = read.positions[i]!;
    const annotation = truth.annotations[position]!;
    const wrong = misplaced(object.box, byId.get(object.image)!);
    if (wrong) {
      const place = placeOf('annotations', position, annotation.id, file);
      refusals.refuse('COCO_BOX', place('bbox'), wrong);
      return;
    }
    objects.push(object);
    annotations.push({ ...annotation, bbox: object.box });
  });
  return { objects, annotations };
}

/**
 * The instances of a COCO file, with the images of a folder. Where masks are read an annotation without a box has that
 * of its mask. An image or a category that is listed twice is one.
 *
 * @throws KcrError `DATASET_EMPTY`; `COCO_*`, `RLE_*`: with `skip` for the file as a whole only; with `error` also `IMAGE_READ`
 *   and `COCO_IMAGE_SIZE`, when an image is read
 */
export async function cocoInstances(
  annotations: string,
  images: string,
  options: CocoSourceOptions = {},
): Promise<InstanceSource> {
  const { channels = 3, invalid = 'error' } = options;
  const file = await readCoco<unknown>(annotations);
  checkGroundTruth(file, annotations);
  const { masks = file.annotations.every((annotation) => annotation?.segmentation) } = options;
  const refusals = new Refusals(invalid);
  const listed = distinct(file.images, 'images', annotations, refusals);
  const categories = distinct(file.categories, 'categories', annotations, refusals);
  checkNames(categories.values());
  const pathOf = ({ file_name }: CocoImage) => join(images, file_name!);
  const pixels = (image: CocoImage) => readImage(pathOf(image), channels, 'upright');
  const usable = await readable(usableImages(listed, images, refusals), refusals, async (image) =>
    checkSize(await pixels(image), image),
  );
  const truth = {
    images: usable,
    categories: Array.from(categories.values(), ({ entry }) => entry),
    annotations: file.annotations,
  };
  const used = new Set(usable.map(({ id }) => id));
  const passOver = new Set([...listed.keys()].filter((id) => !used.has(id)));
  const type = masks ? 'segm' : 'bbox';
  const kept = objectsInImages(truth, type, { file: annotations, passOver }, refusals);
  if (usable.length === 0)
    throw new KcrError('DATASET_EMPTY', {
      where: annotations,
      found: 'no image that can be used',
      fix: `List images with their sizes and the names of files in ${images}`,
    });
  return instanceSource({ ...truth, annotations: kept.annotations }, kept.objects, {
    channels,
    masks,
    skipped: refusals.skipped,
    identity: async () => ({
      annotations: await filesDigest(dirname(annotations), [annotations]),
      left: refusals.skipped,
      files: await filesDigest(images, usable.map(pathOf)),
    }),
    file: (image) => ({ path: pathOf(image) }),
    pixels,
  });
}
