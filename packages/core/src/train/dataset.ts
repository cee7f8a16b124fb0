import type { NdArray } from '../array.ts';
import type { Generator } from '../random.ts';

/** Images as a model takes them, and what is known of them by name. */
export interface Batch {
  /** float32 [n, height, width, channels], normalised. */
  image: NdArray;
  [input: string]: NdArray;
}

/** Images with their classes. */
export interface LabelledBatch extends Batch {
  /** int32 [n] */
  label: NdArray;
}

/** A set of images, read in batches. `@kcr/data` has implementations. */
export interface ImageSet<B extends Batch = Batch> {
  readonly length: number;
  /** Class names; labels are indices into them. */
  readonly classes: readonly string[];
  /** [height, width, channels] of the images it gives. */
  readonly shape: readonly [number, number, number];
  /** Reads images by index; augmented with `augment`'s random numbers where given. */
  batch(indices: Int32Array, augment?: Generator): Promise<B>;
}

/**
 * A set of images with a class each. Where images are mixed, batches have a `target` to train towards instead of the
 * labels: float32 [n, classes], rows sum to 1.
 */
export interface Dataset extends ImageSet<LabelledBatch> {
  /** Class index of every image. */
  readonly labels: Int32Array;
}

/** A part of a data set, by index. */
export function subset(dataset: Dataset, indices: Int32Array): Dataset {
  const { classes, shape } = dataset;
  const through = (at: Int32Array) => at.map((i) => indices[i]!);
  return {
    length: indices.length,
    classes,
    shape,
    labels: indices.map((i) => dataset.labels[i]!),
    batch: (at, augment) => dataset.batch(through(at), augment),
  };
}

/**
 * Images of a data set at random, as equally many of each class as there are.
 *
 * @returns at most `n` indices, ascending
 */
export function balancedSample(dataset: Dataset, n: number, generator: Generator): Int32Array {
  const order = generator.permutation(dataset.length);
  const taken = new Map<number, number>();
  // Sorting is stable: the first of every class, then the second, and so on.
  const turns = Array.from(order, (i) => {
    const turn = taken.get(dataset.labels[i]!) ?? 0;
    taken.set(dataset.labels[i]!, turn + 1);
    return { i, turn };
  }).sort((a, b) => a.turn - b.turn);
  return Int32Array.from(turns.slice(0, n), ({ i }) => i).sort();
}

/**
 * Reads batches in the given order, one ahead of the consumer.
 *
 * @param augment makes the generator of batch i
 */
export async function* batches<B extends Batch>(
  dataset: ImageSet<B>,
  order: readonly Int32Array[],
  augment?: (i: number) => Generator,
): AsyncGenerator<{ indices: Int32Array; batch: B }> {
  const load = (i: number) => dataset.batch(order[i]!, augment?.(i));
  let next = order.length > 0 ? load(0) : undefined;
  for (let i = 0; i < order.length; i++) {
    const batch = await next!;
    next = i + 1 < order.length ? load(i + 1) : undefined;
    // A failure of the batch ahead is thrown when its turn comes, not as an unhandled rejection.
    next?.catch(() => {});
    yield { indices: order[i]!, batch };
  }
}

/** Images without augmentation, in batches [n, height, width, channels]. */
export async function* imageBatches(
  dataset: ImageSet,
  batchSize: number,
  indices = range(dataset.length),
): AsyncGenerator<NdArray> {
  for await (const { batch } of batches(dataset, batchOrder(indices, batchSize))) yield batch.image;
}

/** Cuts an order of images into batches; the last may be smaller, unless only `full` ones are wanted. */
export function batchOrder(indices: Int32Array, batchSize: number, full = false): Int32Array[] {
  const order: Int32Array[] = [];
  for (let i = 0; i < indices.length; i += batchSize) order.push(indices.slice(i, i + batchSize));
  return full ? order.filter((batch) => batch.length === batchSize) : order;
}

/** 0..n-1. */
export const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
