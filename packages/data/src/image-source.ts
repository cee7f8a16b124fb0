import type { Generator, Normalization, Preprocessing } from '@kcr/core';
import type { Pixels } from './image.ts';

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
  /** Image i; a source that crops at random while it decodes uses `augment`. */
  pixels(i: number, augment?: Generator): Pixels | Promise<Pixels>;
}
