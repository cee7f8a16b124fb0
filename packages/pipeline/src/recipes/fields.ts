import { z } from 'zod';

/** A share of a whole. */
export const share = z.number().min(0).max(1);

/** How many, at least one. */
export const count = z.number().int().positive();

/** An extension by the module and the export that make it. */
export const part = z.strictObject({
  use: z.string().regex(/^.+#.+$/, 'write MODULE#EXPORT, e.g. @kcr/nystrom#kcrNystrom'),
  options: z.record(z.string(), z.unknown()).default({}),
});

/** A short name of a table, or an extension by its module. */
export const named = <T extends object>(table: T) =>
  z.union([z.enum(Object.keys(table) as (keyof T & string)[]), part]);
