import type { Refusals } from './invalid.ts';

/** Files that are read at once. */
const AT_ONCE = 16;

/** Reads some files, a few at once. @throws what `read` throws for one of them */
export async function readEach<T>(
  files: readonly T[],
  read: (file: T) => Promise<unknown>,
): Promise<void> {
  for (let i = 0; i < files.length; i += AT_ONCE)
    await Promise.all(files.slice(i, i + AT_ONCE).map(read));
}

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
  const fine = new Set<T>();
  await readEach(files, (file) =>
    refusals.attempt(async () => {
      await read(file);
      fine.add(file);
    }),
  );
  return files.filter((file) => fine.has(file));
}
