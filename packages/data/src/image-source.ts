import type { Generator, Normalization, Preprocessing } from '@kcr/core';
import type { Extent } from './extent.ts';
import type { EncodedImage, Pixels } from './image.ts';
import type { ImageReading } from './read-framed.ts';

/** What `pixels` of a source does, in parts that worker threads can do: the files, and how they are read. */
export interface SourceFiles {
  readonly reading: ImageReading;
  /** File of image i: where its bytes lie, or the bytes. @throws KcrError `IMAGE_READ` */
  file(i: number): Extent | Promise<EncodedImage>;
  /** Image i, if it is remembered and is what is asked for. @param training whether something is drawn at random */
  known(i: number, training: boolean): Pixels | undefined;
  /** Whether images that are read are remembered. */
  keeps(training: boolean): boolean;
  remember(i: number, image: Pixels): void;
}

/** Where images come from. */
export interface ImageSource {
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, number];
  /** How images came to that shape. Default: they had it. */
  readonly framing?: Omit<Preprocessing, keyof Normalization | 'input_size'>;
  /** Images left out, by reason. Default: none. */
  readonly skipped?: Readonly<Record<string, number>>;
  /** What its images are besides what it says here, as JSON: digests of files or pixels, and how they are read. */
  identity?(): Promise<object>;
  /** By this worker threads read its images; without it the main thread calls `pixels`. */
  readonly files?: SourceFiles;
  /** Image i; a source that crops at random while it decodes uses `augment`. */
  pixels(i: number, augment?: Generator): Pixels | Promise<Pixels>;
}
