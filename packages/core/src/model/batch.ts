import type { NdArray } from '../ground/array.ts';
import type { Generator } from '../ground/random.ts';
import type { Preprocessing } from './preprocessing.ts';

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
  /** How an image becomes what it gives without augmentation; saved with models that are trained on it. */
  readonly input?: Preprocessing;
  /**
   * What decides the images that it gives, besides what it says above: digests of files or pixels, changes of training
   * images by name and options. JSON; a run that has images of another identity does not go on. A set without one is known
   * by what it says above and by its labels alone, not by its pixels.
   */
  identity?(): Promise<object>;
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
