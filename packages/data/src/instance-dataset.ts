import { createHash } from 'node:crypto';
import {
  type Batch,
  float32,
  type Generator,
  type ImageSet,
  int32,
  type Normalization,
  type Preprocessing,
} from '@kcr/core';
import type { Augment } from './augment.ts';
import { rleToMask } from './coco/rle-mask.ts';
import { descriptionOf } from './described.ts';
import { type Framing, fitted } from './framing.ts';
import type { Instance, InstanceSource } from './instance-source.ts';
import { maskInBox } from './mask-in-box.ts';
import { cornerInput, inputView } from './model-input.ts';
import { once } from './once.ts';
import { placedImages } from './placed-images.ts';
import { streamsOf } from './stream-names.ts';
import type { Size, View } from './view.ts';
import { viewBox } from './view-box.ts';

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
  /** Threads that read images, as of `ImageDatasetOptions`. */
  workers?: number;
}

/** Images with objects, on canvases. */
export interface InstanceDataset extends ImageSet {
  readonly source: InstanceSource;
  readonly normalization: Normalization;
  /** How image i lies on the canvas outside training. */
  view(i: number): View;
}

/** What a source that says nothing of its files is known by: the objects of its images. */
function objectsDigest({ truth, instances }: InstanceSource): string {
  const digest = createHash('sha256');
  // One after another: all at once may be longer than a text can be.
  for (const i of truth.images.keys()) digest.update(`${JSON.stringify(instances(i))}\n`);
  return digest.digest('hex');
}

/** What an image shows in a view: its objects, with boxes in pixels of the canvas and masks in those of the image. */
interface ObjectsInView {
  readonly view: View;
  readonly objects: readonly Instance[];
}

/** Objects of which a view shows no less than `minSize` pixels of the canvas in width and in height. */
function objectsInView(objects: readonly Instance[], view: View, minSize: number): ObjectsInView {
  const moved = objects.map((object) => ({ ...object, box: viewBox(object.box, view) }));
  const large = moved.filter(
    ({ box: [left, top, right, bottom] }) => right - left >= minSize && bottom - top >= minSize,
  );
  return { view, objects: large };
}

/** The objects of a batch's images as tensors; `places` for each image, those without an object labelled -1. */
function objectTensors(images: readonly ObjectsInView[], places: number, maskSize: number) {
  const boxes = float32([images.length, places, 4]);
  const labels = int32([images.length, places], new Int32Array(images.length * places).fill(-1));
  const masks = float32([images.length, places, maskSize, maskSize]);
  images.forEach(({ objects, view }, n) => {
    objects.forEach(({ label, box, mask }, at) => {
      const place = n * places + at;
      boxes.data.set(box, 4 * place);
      labels.data[place] = label;
      if (mask)
        masks.data.set(maskInBox(rleToMask(mask), box, view, maskSize), maskSize ** 2 * place);
    });
  });
  return { boxes, labels, masks };
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
  const { augment = [], maskSize = 56, minSize = 1, workers } = options;
  const { classes, channels, truth } = source;
  const trained = truth.images.map((_, i) => source.instances(i).filter(({ crowd }) => !crowd));
  const objectPlaces = trained.reduce((most, { length }) => Math.max(most, length), 1);
  const shape = [canvas.height, canvas.width, channels] as const;
  const input = cornerInput(shape, normalization, resize);
  const testView = (i: number) => inputView(truth.images[i]!, input);

  const { length } = truth.images;
  const imagesOf = placedImages({ source, length, input, shape, augment, normalization, workers });
  const place = (i: number, generator?: Generator): View =>
    generator ? framing(truth.images[i]!, canvas, generator) : testView(i);

  return {
    source,
    classes,
    normalization,
    length,
    shape,
    input,
    identity: once(async () => ({
      ...((await source.identity?.()) ?? { objects: objectsDigest(source) }),
      masks: source.masks,
      framing: descriptionOf(framing),
      augment: augment.map(descriptionOf),
      maskSize,
      minSize,
    })),
    view: testView,
    async batch(indices, generator): Promise<Batch> {
      const random = generator && streamsOf(indices, generator);
      const places = Array.from(indices, (i, n) => ({
        image: truth.images[i]!,
        view: place(i, random?.[n]),
      }));
      const image = await imagesOf(indices, places, random);
      const shown = places.map(({ view }, n) =>
        objectsInView(trained[indices[n]!]!, view, minSize),
      );
      const { masks, ...objects } = objectTensors(shown, objectPlaces, maskSize);
      return source.masks ? { image, ...objects, masks } : { image, ...objects };
    },
  };
}
