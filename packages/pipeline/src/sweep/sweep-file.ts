import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { z } from 'zod';
import { readSealed, writeSealed } from '../sealed-file.ts';
import { type LoadedSweep, sweepSchema } from './sweep.ts';

const FILE = 'sweep.json';

const saved = z.object({
  sweep: sweepSchema,
  recipe: z.record(z.string(), z.unknown()),
  from: z.string().optional(),
});

/**
 * Keeps in a folder which sweep it is of. Another version of a sweep takes the place of the one before: trials that both have are done
 * once.
 *
 * @throws KcrError `OUT_EXISTS` where the folder is another sweep's, `OUT_WRITE`
 */
export async function keepSweep(out: string, { sweep, recipe, from }: LoadedSweep): Promise<void> {
  const path = join(out, FILE);
  if (existsSync(path)) {
    const { name } = (await savedSweep(out)).sweep;
    if (name !== sweep.name)
      throw new KcrError('OUT_EXISTS', {
        where: out,
        found: `the trials of the sweep ${name}`,
        fix: 'Choose another output folder',
      });
  }
  await writeSealed(path, { sweep, recipe, from });
}

/** The sweep that a folder is of. @throws KcrError `SWEEP_RUN`, `STATE_DAMAGED` */
export async function savedSweep(out: string): Promise<LoadedSweep> {
  const path = join(out, FILE);
  const parsed = saved.safeParse(await readSealed(path));
  if (parsed.success) return parsed.data;
  throw new KcrError('SWEEP_RUN', {
    where: path,
    found: existsSync(path) ? 'no sweep of this version' : 'no such file',
    fix: 'Pass the folder of a sweep, --out of `kcr sweep`',
  });
}
