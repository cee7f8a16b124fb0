import type { Definition, MakerInfo } from '@kcr/core';
import type { Generator } from '@kcr/core/ground';
import { checkContract, defineExtension, marked } from '@kcr/core/internal';
import type { Augment } from './augment.ts';
import type { Pixels } from './image.ts';

/** A change of images with options, as its author writes it. */
export interface ImageChangeDefinition<O, I = O> extends Definition<O, I> {
  /** The change, with options. All its random numbers come from `generator`; what it gets is not written to. */
  change(options: O): (image: Pixels, generator: Generator) => Pixels;
}

/**
 * Defines a change of training images with options. Options are plain data: worker threads make the change again from them.
 *
 * @example
 * export const invert = defineImageChange({
 *   name: 'invert',
 *   contract: 1,
 *   change: ({ p = 0.5 }: { p?: number }) => (image, generator) =>
 *     generator.uniform() < p ? { ...image, data: image.data.map((x) => 255 - x) } : image,
 * });
 */
export function defineImageChange<O extends object, I extends object = O>(
  definition: ImageChangeDefinition<O, I>,
): ((options: I) => Augment) & MakerInfo {
  const make = defineExtension('image change', definition, (options) => ({
    change: definition.change(options),
  }));
  return marked('image change', definition, (given: I): Augment => {
    const { name, contract, needs, options, change } = make(given);
    const own = (image: Pixels, generator: Generator) => change(image, generator);
    Object.defineProperty(own, 'name', { value: name });
    return Object.assign(own, { description: { name, options }, contract, needs });
  });
}

/** Refuses changes that say another contract. @throws KcrError `EXTENSION_CONTRACT` */
export function checkChanges(changes: readonly Augment[] = []): void {
  for (const change of changes)
    if (change.contract !== undefined) checkContract('image change', change);
}
