import {
  type Batch,
  type Dataset,
  float32,
  Generator,
  type ImageSet,
  int32,
  type Model,
  type NdArray,
  sizeOf,
  taskOf,
} from '@kcr/core';
import { noise } from './values.ts';

const classNames = ({ classes }: Model) => Array.from({ length: classes }, (_, i) => `class ${i}`);

/** Images whose class shows in their brightness, made from a seed. */
export function labelledImages(model: Model, length: number, seed = 1): Dataset {
  const shape = model.inputShape;
  const size = sizeOf(shape);
  const labels = Int32Array.from({ length }, (_, i) => i % model.classes);
  return {
    length,
    shape,
    labels,
    classes: classNames(model),
    async batch(indices, augment) {
      const data = new Float32Array(indices.length * size);
      indices.forEach((index, n) => {
        const generator = new Generator(seed).fork(String(index));
        const shift = labels[index]! - model.classes / 2 + (augment ? 0.1 * augment.normal() : 0);
        for (let i = 0; i < size; i++) data[n * size + i] = shift + generator.normal();
      });
      return {
        image: { dtype: 'float32', shape: [indices.length, ...shape], data },
        label: int32(
          [indices.length],
          indices.map((i) => labels[i]!),
        ),
      };
    },
  };
}

/** What is known of images by each task: a class for each pixel, */
function pixels(n: number, [height, width]: readonly number[], classes: number) {
  const label = (i: number) => (i % 7 === 0 ? 255 : i % classes);
  const labels = Array.from({ length: n * height! * width! }, (_, i) => label(i));
  return { labels: int32([n, height!, width!], labels) };
}

/** and two objects each, with a place for one more. */
function objects(n: number, [height, width]: readonly number[], classes: number) {
  const [h, w] = [height!, width!];
  const boxes = [0, 0, w / 2, h / 2, w / 4, h / 4, w, h, 0, 0, 0, 0];
  const each = <T>(values: readonly T[]) => Array.from({ length: n }, () => values).flat();
  return {
    boxes: float32([n, 3, 4], each(boxes)),
    labels: int32([n, 3], each([0, 1 % classes, -1])),
    masks: float32([n, 3, 8, 8], 1),
  };
}

const known: Readonly<
  Record<string, (n: number, shape: readonly number[], classes: number) => Omit<Batch, 'image'>>
> = { 'semantic segmentation': pixels, 'instance detection': objects };

/**
 * Images for a model's task, made from a seed; nothing where the kit does not know what is known of such images.
 *
 * @param length number of images
 */
export function imagesOfTask(model: Model, length: number): ImageSet | undefined {
  const task = taskOf(model);
  if (task.targets) return labelledImages(model, length);
  const of = known[task.name];
  return (
    of && {
      length,
      shape: model.inputShape,
      classes: classNames(model),
      batch: async (indices) => ({
        image: noise([indices.length, ...model.inputShape], indices[0]! + 1),
        ...of(indices.length, model.inputShape, model.classes),
      }),
    }
  );
}

/** The same images without anything to be seen: no object, no pixel that counts. */
export function withoutTargets(images: ImageSet): ImageSet {
  const nothing = (array: NdArray): NdArray => ({ ...array, data: array.data.map(() => -1) });
  return {
    ...images,
    batch: async (indices) => {
      const batch = await images.batch(indices);
      return batch.labels ? { ...batch, labels: nothing(batch.labels) } : batch;
    },
  };
}
