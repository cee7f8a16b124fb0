import type { Extension } from '@kcr/core';
import type { Generator } from '@kcr/core/ground';
import type { Described } from './described.ts';
import type { Pixels } from './image.ts';

/**
 * A random change of one image. It may return its input. A function as it is will do where data are made in TypeScript; what
 * recipes name is made by {@link defineImageChange}, and says its contract.
 */
export type Augment = ((image: Pixels, generator: Generator) => Pixels) &
  Described &
  Partial<Pick<Extension, 'contract' | 'needs'>>;
