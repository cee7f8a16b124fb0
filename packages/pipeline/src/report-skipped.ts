import type { OnEvent } from './events.ts';

/** Tells what was left out of a source, if anything. @param where its files or folders */
export function reportSkipped(
  on: OnEvent,
  where: string,
  { skipped = {} }: { readonly skipped?: Readonly<Record<string, number>> },
): void {
  if (Object.keys(skipped).length > 0) on({ type: 'skipped', where, entries: skipped });
}
