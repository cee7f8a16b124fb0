import type { Extent } from './extent.ts';
import type { EncodedImage } from './image.ts';

/** Image files with a class each, wherever they lie. */
export interface LabelledFiles {
  /** Class of each. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** What errors call all of them: their folder or file. */
  readonly where: string;
  /** File i: where its bytes lie, or, where these must be unpacked, the bytes. @throws KcrError `IMAGE_READ` */
  file(i: number): Extent | Promise<EncodedImage>;
  /** What some of the files are, as JSON: digests. */
  identity(images: readonly number[]): Promise<object>;
}
