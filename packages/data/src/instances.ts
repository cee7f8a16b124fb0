import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Batch,
  float32,
  type Generator,
  type ImageSet,
  int32,
  KcrError,
  type Normalization,
  type Preprocessing,
} from '@kcr/core';
import type { Augment } from './augment.ts';
import {
  type CocoAnnotation,
  type CocoGroundTruth,
  type CocoImage,
  type CocoObject,
  checkGroundTruth,
  readCoco,
  truthObjects,
} from './coco/coco.ts';
import { encodeRuns, type Rle, rleArea, rleBox, rlesFromIds, rleToMask } from './coco/rle.ts';
import { augmented, fillOf, normalised, streamNames } from './dataset.ts';
import { type Pixels, readImage } from './image.ts';
import { type InvalidPolicy, Refusals } from './invalid.ts';
import { readLabelMap } from './label-map.ts';
import { cornerInput, inputView } from './model-input.ts';
import { pairFolders } from './paired-folder.ts';
import {
  type Box,
  type Framing,
  fitted,
  type Size,
  sourcePoint,
  type View,
  viewBox,
  viewImage,
} from './view.ts';

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
  pixels(i: number): Promise<Pixels>;
  /** Objects of image i. */
  instances(i: number): readonly Instance[];
}

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
    pixels: (image) => readImage(join(images, image.file_name!), channels),
  });
}

interface SourceParts {
  channels: 1 | 3;
  masks: boolean;
  skipped: Readonly<Record<string, number>>;
  pixels(image: CocoImage): Promise<Pixels>;
}

/** @throws KcrError `COCO_IMAGE_SIZE` for a file of another size than its annotations are for */
function checkSize({ shape }: Pixels, { id, height, width }: CocoImage): void {
  if (shape[0] === height && shape[1] === width) return;
  throw new KcrError('COCO_IMAGE_SIZE', {
    where: `image ${id}`,
    found: `a file of ${shape[1]} x ${shape[0]} pixels, annotated as ${width} x ${height}`,
    fix: 'Use the images that were annotated, or annotations of these',
  });
}

/** A source over a ground truth that is known to be right. */
function instanceSource(
  truth: CocoGroundTruth,
  objects: readonly CocoObject[],
  parts: SourceParts,
): InstanceSource {
  const order = new Map(truth.categories.map(({ id }, i) => [id, i]));
  const byImage = new Map<number, Instance[]>(truth.images.map(({ id }) => [id, []]));
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
    async pixels(i) {
      const pixels = await parts.pixels(truth.images[i]!);
      checkSize(pixels, truth.images[i]!);
      return pixels;
    },
    instances: (i) => byImage.get(truth.images[i]!.id)!,
  };
}

export interface InstanceFolderOptions {
  /** Name of the one class. Default `object`. */
  className?: string;
  /** Folder of the images within the root. Default `images`. */
  images?: string;
  /** Folder of PNGs of the same names. Default `labels`. */
  labels?: string;
  channels?: 1 | 3;
  /** Images without labels, or of another size than theirs. Default `error`. */
  invalid?: InvalidPolicy;
}

/**
 * Images with PNGs that number the objects of one class: 0 is none, each other value one object.
 *
 * @throws KcrError `FOLDER_*`, `LABEL_MAP_*`
 */
export async function instanceFolder(
  root: string,
  options: InstanceFolderOptions = {},
): Promise<InstanceSource> {
  const { className = 'object', images = 'images', labels = 'labels', channels = 3 } = options;
  const folders = [join(root, images), join(root, labels)] as const;
  const { pairs, skipped } = await pairFolders(...folders, options.invalid);
  const annotations: CocoAnnotation[] = [];
  for (const [i, pair] of pairs.entries()) {
    const { data, height, width } = await readLabelMap(pair.labels);
    for (const mask of rlesFromIds(data, height, width).values())
      annotations.push({
        id: annotations.length + 1,
        image_id: i + 1,
        category_id: 1,
        iscrowd: 0,
        bbox: rleBox(mask),
        area: rleArea(mask),
        segmentation: { size: [height, width], counts: encodeRuns(mask.runs) },
      });
  }
  const truth: CocoGroundTruth = {
    images: pairs.map(({ image, height, width }, i) => ({
      id: i + 1,
      height,
      width,
      file_name: image,
    })),
    annotations,
    categories: [{ id: 1, name: className }],
  };
  return instanceSource(truth, truthObjects(truth, 'segm').objects, {
    channels,
    masks: true,
    skipped,
    pixels: ({ file_name }) => readImage(file_name!, channels),
  });
}

export interface InstanceDatasetOptions {
  normalization: Normalization;
  /** Height and width of what the model takes. */
  canvas: Size;
  /** How training images lie on the canvas. Default: as large as it allows. */
  framing?: Framing;
  /** Their size outside training. Default: as large as the canvas allows. */
  resize?: Preprocessing['resize'];
  /** Changes of training images that move no pixel. */
  augment?: readonly Augment[];
  /** Side of the square in which a batch has the mask of each object's box. Default 56. */
  maskSize?: number;
  /** Boxes with a side below this, in pixels of the canvas, are not trained on. Default 1. */
  minSize?: number;
}

/** Images with objects, on canvases. */
export interface InstanceDataset extends ImageSet {
  readonly source: InstanceSource;
  readonly normalization: Normalization;
  /** How image i lies on the canvas outside training. */
  view(i: number): View;
}

/** What a mask has at the centres of a grid over a box of the canvas: size x size values, 0 or 1. */
function maskInBox(mask: Uint8Array, box: Box, view: View, size: number): Float32Array {
  const { height, width } = view.source;
  const values = new Float32Array(size * size);
  const [stepY, stepX] = [(box[3] - box[1]) / size, (box[2] - box[0]) / size];
  const inside = (at: number, most: number) => Math.min(Math.max(Math.floor(at), 0), most - 1);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const [y, x] = sourcePoint(box[1] + (i + 0.5) * stepY, box[0] + (j + 0.5) * stepX, view);
      values[i * size + j] = mask[inside(y, height) * width + inside(x, width)]!;
    }
  return values;
}

/**
 * A data set of normalised canvases. Batches have the objects of each image, as many places for each as the image with
 * the most needs: `boxes` float32 [n, objects, 4], left, top, right, bottom in pixels of the canvas; `labels` int32
 * [n, objects], -1 where there is none; and where masks are known `masks` float32 [n, objects, size, size], 0 or 1 in
 * a grid over each box.
 */
export function instanceDataset(
  source: InstanceSource,
  options: InstanceDatasetOptions,
): InstanceDataset {
  const { normalization, canvas, framing = fitted, resize } = options;
  const { augment = [], maskSize = 56, minSize = 1 } = options;
  const { classes, channels, truth } = source;
  const fill = fillOf(normalization);
  const trained = truth.images.map((_, i) => source.instances(i).filter(({ crowd }) => !crowd));
  const places = trained.reduce((most, { length }) => Math.max(most, length), 1);
  const shape = [canvas.height, canvas.width, channels] as const;
  const input = cornerInput(shape, normalization, resize);
  const testView = (i: number) => inputView(truth.images[i]!, input);

  const load = async (i: number, generator?: Generator) => {
    const view = generator ? framing(truth.images[i]!, canvas, generator) : testView(i);
    const image = await viewImage(await source.pixels(i), view, fill);
    const objects = trained[i]!.map(({ label, box, mask }) => ({
      label,
      box: viewBox(box, view),
      mask,
    })).filter(({ box }) => box[2] - box[0] >= minSize && box[3] - box[1] >= minSize);
    return { image: generator ? augmented(image, augment, generator) : image, view, objects };
  };

  return {
    source,
    classes,
    normalization,
    length: truth.images.length,
    shape,
    input,
    view: testView,
    async batch(indices, generator): Promise<Batch> {
      const loaded = await Promise.all(
        streamNames(indices).map((name, n) => load(indices[n]!, generator?.fork(name))),
      );
      const boxes = float32([indices.length, places, 4]);
      const labels = new Int32Array(indices.length * places).fill(-1);
      const area = maskSize * maskSize;
      const masks = float32([indices.length, places, maskSize, maskSize]);
      loaded.forEach(({ objects, view }, n) => {
        objects.forEach(({ label, box, mask }, at) => {
          const place = n * places + at;
          boxes.data.set(box, 4 * place);
          labels[place] = label;
          if (mask) masks.data.set(maskInBox(rleToMask(mask), box, view, maskSize), area * place);
        });
      });
      return {
        image: normalised(
          loaded.map(({ image }) => image),
          normalization,
        ),
        boxes,
        labels: int32([indices.length, places], labels),
        ...(source.masks ? { masks } : {}),
      };
    },
  };
}
