import type { Extension, Generator } from '@kcr/core';
import { checkExtension } from '@kcr/core/internal';
import {
  type Augment,
  described,
  horizontalFlip,
  type Pixels,
  photometricDistortion,
  randAugment,
  randomCrop,
  randomErasing,
  transpose,
  verticalFlip,
} from '@kcr/data';
import { z } from 'zod';
import { exportOf, loadNamed, type Part } from '../modules.ts';
import { part } from '../recipes/fields.ts';
import type { DataContext } from './data-kind.ts';

/** Changes of training images by the names that recipes use. */
export const augments = {
  horizontalFlip,
  verticalFlip,
  transpose,
  /** By 4 pixels. */
  randomCrop: () => randomCrop(4),
  /** timm's `rand-m9-mstd0.5`. */
  randAugment,
  randomErasing: () => randomErasing({ probability: 0.2 }),
} satisfies Record<string, () => Augment>;

/** Changes that move no pixel, for data with places in the image. */
export const photometricAugments = { photometricDistortion } satisfies Record<
  string,
  () => Augment
>;

const probability = z.strictObject({ randomErasing: z.number().min(0).max(1) });

/** A list of changes: names of a table, or parts that make an `Augment`. */
export const augmentList = (table: Readonly<Record<string, () => Augment>>) =>
  z.array(z.union([z.enum(Object.keys(table)), part, probability])).default([]);

/**
 * Makes the changes of a list, for images that a model is trained on.
 *
 * @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN`, `EXTENSION_CONTRACT`, `EXTENSION_NEEDS`
 */
export const loadAugments = (
  list: readonly (string | Part | z.output<typeof probability>)[],
  table: Readonly<Record<string, () => Augment>>,
  { model, from }: Pick<DataContext, 'model' | 'from'>,
): Promise<Augment[]> =>
  Promise.all(
    list.map(async (item) => {
      if (typeof item === 'object' && 'randomErasing' in item)
        return randomErasing({ probability: item.randomErasing });
      const change = await loadNamed<Augment>(item, table, from);
      if (typeof item === 'string') return change;
      checkExtension('image change', change as Augment & Extension, model);
      return change.portable ? change : foreign(change, item, from);
    }),
  );

/** A change of another package, as worker threads and runs that go on know it. */
function foreign(change: Augment, { use, options }: Part, from?: string): Augment {
  const same = (image: Pixels, generator: Generator) => change(image, generator);
  const { name, options: own } = change.description ?? { name: use, options };
  const part = exportOf(use, from);
  return Object.assign(
    described(name, own ?? {}, same),
    part && { portable: { ...part, options } },
  );
}
