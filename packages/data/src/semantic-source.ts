import type { Extent } from './extent.ts';
import type { Pixels } from './image.ts';
import type { Size } from './view.ts';

/** The label of pixels that do not count. */
export const IGNORED = 255;

/** The class of each pixel of an image: 0..classes-1, or {@link IGNORED}. */
export interface ClassMap extends Size {
  readonly data: Uint8Array;
}

/** Images with a class for each pixel, at their own sizes. */
export interface SemanticSource {
  readonly classes: readonly string[];
  readonly channels: 1 | 3;
  /** Name and size of each image. */
  readonly images: readonly (Size & { readonly name: string })[];
  /** Images left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** What its images are besides what it says here, as JSON: digests of files or pixels, and how they are read. */
  identity?(): Promise<object>;
  /** File of image i, turned upright: by this worker threads read it. Without it the main thread calls `pixels`. */
  file?(i: number): Extent;
  pixels(i: number): Promise<Pixels>;
  classMap(i: number): Promise<ClassMap>;
}
