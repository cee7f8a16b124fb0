import type { Refusals } from './invalid.ts';

/** Files that are read at once. */
const AT_ONCE = 16;

/**
 * Those of some files that can be read; the others are counted under their errors' codes. Where such files are an error,
 * none is read here: reading it later says so.
 */
export async function readable<T>(
  files: readonly T[],
  refusals: Refusals,
  read: (file: T) => Promise<unknown>,
): Promise<readonly T[]> {
  if (refusals.policy === 'error') return files;
  const fine: T[] = [];
  const attempt = (file: T) =>
    refusals.attempt(async () => {
      await read(file);
      return true;
    });
  for (let i = 0; i < files.length; i += AT_ONCE) {
    const some = files.slice(i, i + AT_ONCE);
    const whole = await Promise.all(some.map(attempt));
    fine.push(...some.filter((_, n) => whole[n]));
  }
  return fine;
}
