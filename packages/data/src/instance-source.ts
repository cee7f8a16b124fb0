import { KcrError } from '@kcr/core/ground';
import type { CocoGroundTruth, CocoId, CocoImage } from './coco/format.ts';
import type { CocoObject } from './coco/objects.ts';
import type { Rle } from './coco/rle.ts';
import type { Extent } from './extent.ts';
import type { Pixels } from './image.ts';
import type { Box } from './view-box.ts';

/** An object of an image. */
export interface Instance {
  /** Index of its class. */
  readonly label: number;
  readonly box: Box;
  /** Absent where only boxes are known. */
  readonly mask?: Rle;
  /** A region of many objects: not trained on, and detections may overlap it without harm. */
  readonly crowd: boolean;
}

/** Images with objects, at their own sizes. */
export interface InstanceSource {
  readonly classes: readonly string[];
  readonly channels: 1 | 3;
  /** What it says, in COCO's format; categories are in the order of the classes. */
  readonly truth: CocoGroundTruth;
  /** Whether every object has a mask. */
  readonly masks: boolean;
  /** Images and annotations left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** What its images are besides what it says here, as JSON: digests of files or pixels, and how they are read. */
  identity?(): Promise<object>;
  /** File of image i, turned upright: by this worker threads read it. Without it the main thread calls `pixels`. */
  file?(i: number): Extent;
  /** @throws KcrError `IMAGE_READ`, and `COCO_IMAGE_SIZE` for an image of another size than its annotations are for */
  pixels(i: number): Promise<Pixels>;
  /** Objects of image i. */
  instances(i: number): readonly Instance[];
}

interface SourceParts {
  channels: 1 | 3;
  masks: boolean;
  skipped: Readonly<Record<string, number>>;
  identity?(): Promise<object>;
  file?(image: CocoImage): Extent;
  pixels(image: CocoImage): Promise<Pixels>;
}

/** @throws KcrError `COCO_IMAGE_SIZE` for a file of another size than its annotations are for */
export function checkSize({ shape }: Pixels, { id, file_name, height, width }: CocoImage): void {
  if (shape[0] === height && shape[1] === width) return;
  throw new KcrError('COCO_IMAGE_SIZE', {
    where: file_name === undefined ? `image ${id}` : `${file_name} (image ${id})`,
    found: `a file of ${shape[1]} x ${shape[0]} pixels, annotated as ${width} x ${height}`,
    fix: 'Use the images that were annotated, or annotations of these as they are shown (turned by EXIF)',
  });
}

/** A source over a ground truth that is known to be right. */
export function instanceSource(
  truth: CocoGroundTruth,
  objects: readonly CocoObject[],
  parts: SourceParts,
): InstanceSource {
  const order = new Map(truth.categories.map(({ id }, i) => [id, i]));
  const byImage = new Map<CocoId, Instance[]>(truth.images.map(({ id }) => [id, []]));
  for (const { image, category, box, mask, crowd } of objects) {
    const [x, y, w, h] = box;
    byImage
      .get(image)!
      .push({ label: order.get(category)!, box: [x, y, x + w, y + h], mask, crowd });
  }
  return {
    ...parts,
    classes: truth.categories.map(({ name }) => name),
    truth,
    file: parts.file && ((i) => parts.file!(truth.images[i]!)),
    async pixels(i) {
      const pixels = await parts.pixels(truth.images[i]!);
      checkSize(pixels, truth.images[i]!);
      return pixels;
    },
    instances: (i) => byImage.get(truth.images[i]!.id)!,
  };
}
