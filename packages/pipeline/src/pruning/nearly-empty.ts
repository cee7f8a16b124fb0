import type { Kept, Model } from '@kcr/core';

/** Share of a dimension's channels at which hardly anything of it is left. */
const HARDLY = 1 / 16;

/**
 * What to say of dimensions that pruning has nearly emptied: the budget is then about as low as it can be for them, all choice is gone, and
 * training does not bring back what was lost.
 *
 * @param whole before pruning
 * @returns undefined where none is
 */
export function nearlyEmpty(whole: Model, kept: Kept): string | undefined {
  const sizes = Object.entries(kept).map(
    ([name, channels]) => [name, channels.length, whole.dims.get(name)!.size] as const,
  );
  const emptied = sizes.filter(([, left, size]) => left < size && left <= HARDLY * size);
  const [first] = emptied;
  if (!first) return undefined;
  const [name, left, size] = first;
  return `pruning left hardly anything of ${emptied.length} of ${sizes.length} dimensions, such as ${left} of ${size} channels of ${name}: take less out (\`budget\`), or let other kinds of dimension go too (\`dims\`)`;
}
