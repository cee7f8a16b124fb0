import type { Generator } from '@kcr/core';
import type { Pixels } from './image.ts';

/** A random change of one image. It may return its input. */
export type Augment = (image: Pixels, generator: Generator) => Pixels;
