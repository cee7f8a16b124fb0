import { didYouMean } from '@kcr/core/internal';
import { z } from 'zod';

/** A share of a whole. */
export const share = z.number().min(0).max(1);

/** A share of a whole, and more than nothing. */
export const positiveShare = z.number().positive().max(1);

/** A share of a whole, and less than all of it. */
export const properShare = z.number().min(0).lt(1);

/** How many, at least one. */
export const count = z.number().int().positive();

/** Two numbers, the second no less than the first. */
export const range = (number: z.ZodNumber) =>
  z.tuple([number, number]).refine(([low, high]) => low <= high, 'write the lower one first');

/** Most that an image is enlarged beyond what a model allows. */
const MOST_SCALE = 16;

/** Factor of an image's size. */
export const scale = z.number().positive().max(MOST_SCALE);

/** An extension by the module and the export that make it. */
export const part = z.strictObject({
  use: z.string().regex(/^.+#.+$/, 'write MODULE#EXPORT, e.g. @kcr/nystrom#kcrNystrom'),
  options: z.record(z.string(), z.unknown()).default({}),
});

/** A plugin, which may have a name of the run's. */
export const pluginPart = part.extend({
  /** What it is called in this training; for a second one of a kind. Default: its own name. */
  as: z
    .string()
    .regex(/^[A-Za-z][\w-]*$/, 'write a word, e.g. second')
    .optional(),
});

/** A short name of a table, or an extension by its module. */
export const named = <T extends object>(table: T) => {
  const names = Object.keys(table) as (keyof T & string)[];
  return z.union([z.enum(names), part], {
    // Of a part the wrong fields are said, of anything else which names there are.
    error: ({ input }) =>
      typeof input === 'string'
        ? `${didYouMean(input, names, 'write one of')}, or { use: 'MODULE#EXPORT' }`
        : undefined,
  });
};
