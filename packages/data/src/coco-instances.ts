import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkGroundTruth } from './coco/check-ground-truth.ts';
import type { CocoAnnotation, CocoImage } from './coco/format.ts';
import { readCoco } from './coco/read-coco.ts';
import { truthObjects } from './coco/truth-objects.ts';
import { filesDigest } from './file-digests.ts';
import { readImage } from './image.ts';
import { type InstanceSource, instanceSource } from './instance-source.ts';
import { type InvalidPolicy, Refusals } from './invalid.ts';

export interface CocoSourceOptions {
  channels?: 1 | 3;
  /** Whether masks are read. Default: where every annotation has one. */
  masks?: boolean;
  /** Entries that cannot be used: an error, or left out and counted. Default `error`. */
  invalid?: InvalidPolicy;
}

/** What is wrong with the place of an object, if anything. */
function misplaced({ bbox: [x, y, w, h] }: CocoAnnotation, image: CocoImage): string | undefined {
  const size = `an image of ${image.width} x ${image.height} pixels`;
  if (!(w > 0 && h > 0)) return `an empty box ${JSON.stringify([x, y, w, h])}`;
  // COCO's own boxes reach over the border by rounding.
  const inside = x >= -1 && y >= -1 && x + w <= image.width + 1 && y + h <= image.height + 1;
  return inside ? undefined : `a box ${JSON.stringify([x, y, w, h])} outside ${size}`;
}

/**
 * The instances of a COCO file, with the images of a folder.
 *
 * @throws KcrError `COCO_*`, `RLE_SIZE`: with `skip` for the file as a whole only; `COCO_IMAGE_SIZE` when an image is read
 */
export async function cocoInstances(
  annotations: string,
  images: string,
  options: CocoSourceOptions = {},
): Promise<InstanceSource> {
  const { channels = 3, invalid = 'error' } = options;
  const file = await readCoco<unknown>(annotations);
  checkGroundTruth(file, annotations);
  const { masks = file.annotations.every(({ segmentation }) => segmentation) } = options;
  const refusals = new Refusals(invalid);
  const present = file.images.filter((image) => {
    const path = join(images, image.file_name ?? '');
    if (image.file_name && existsSync(path)) return true;
    refusals.refuse('COCO_IMAGE_FILE', `image ${image.id}`, `no file ${path}`);
    return false;
  });
  const known = new Map(present.map((image) => [image.id, image]));
  const left = new Set(file.images.filter(({ id }) => !known.has(id)).map(({ id }) => id));
  const placed = file.annotations.filter((annotation) => {
    if (left.has(annotation.image_id)) return false;
    const image = known.get(annotation.image_id);
    const wrong = image && Array.isArray(annotation.bbox) && misplaced(annotation, image);
    if (wrong) refusals.refuse('COCO_BOX', `annotation ${annotation.id}`, wrong);
    return !wrong;
  });
  const usable = { ...file, images: present, annotations: placed };
  const fine = truthObjects(usable, masks ? 'segm' : 'bbox', invalid);
  for (const [code, n] of Object.entries(fine.skipped)) refusals.count(code, n);
  const kept = fine.positions.map((at) => placed[at]!);
  return instanceSource({ ...usable, annotations: kept }, fine.objects, {
    channels,
    masks,
    skipped: refusals.skipped,
    identity: async () => ({
      annotations: await filesDigest(dirname(annotations), [annotations]),
      left: refusals.skipped,
      files: await filesDigest(
        images,
        present.map(({ file_name }) => join(images, file_name!)),
      ),
    }),
    pixels: (image) => readImage(join(images, image.file_name!), channels),
  });
}
