import type { Generator } from '@kcr/core';
import type { Described } from './described.ts';
import type { Pixels } from './image.ts';

/** A random change of one image. It may return its input. What it was made with is {@link described}. */
export type Augment = ((image: Pixels, generator: Generator) => Pixels) & Described;
