import { join } from 'node:path';
import { stateDamaged } from '@kcr/core/internal';
import { z } from 'zod';
import { readSealed, writeSealed } from '../sealed-file.ts';

const resultFields = z.object({
  /** Numbers of the run by model: those of its summary, and of the last epoch of its training. */
  numbers: z.record(z.string(), z.record(z.string(), z.number())).optional(),
  /** Why there are none. */
  failed: z.object({ code: z.string(), message: z.string() }).optional(),
  /** How long it took, in seconds: of a trial that was interrupted, since then. */
  seconds: z.number().nonnegative(),
});

/** What a trial has come to. */
export type TrialResult = z.output<typeof resultFields>;

/** The folder of a trial. */
export const trialFolder = (out: string, id: string): string => join(out, 'trials', id);

const FILE = 'result.json';

/** What a trial has come to, if it has ended. @throws KcrError `STATE_DAMAGED` */
export async function readResult(folder: string): Promise<TrialResult | undefined> {
  const path = join(folder, FILE);
  const saved = await readSealed(path);
  if (!saved) return undefined;
  const parsed = resultFields.safeParse(saved);
  if (!parsed.success) throw stateDamaged(path, parsed.error.message);
  return parsed.data;
}

/** @throws KcrError `OUT_WRITE` */
export const writeResult = (folder: string, result: TrialResult): Promise<void> =>
  writeSealed(join(folder, FILE), result);

/** The number that a sweep goes by; nothing where the trial failed or does not have it. */
export function metricOf({ numbers = {} }: TrialResult, path: string): number | undefined {
  const [model, number] = path.split('.') as [string, string];
  if (!Object.hasOwn(numbers, model)) return undefined;
  const own = numbers[model]!;
  return Object.hasOwn(own, number) && Number.isFinite(own[number]) ? own[number] : undefined;
}
