export interface GrowingSearchOptions {
  /** Most that can be taken out. */
  limit: number;
  /** How many to try first. */
  first: number;
  /** Most that the accuracy may drop. */
  allowed: number;
  /** Part of what is left that one try may add at most. */
  growth: number;
  /** The drop in accuracy with so many taken out. */
  drop(count: number): Promise<number>;
}

/**
 * The step rule of VTC-LFC's bottom-up cascade: as long as the accuracy drops by less than is allowed, take out
 * more, up to twice as many where it does not drop at all, and once less where it drops by more.
 *
 * Where the official loop has no guard, this has: it ends at the limit and where a step would change nothing, a
 * rise in accuracy counts as no drop, and the last, smaller try is measured too.
 *
 * @returns the most whose drop was measured and allowed; 0 where there is none
 */
export async function growingSearch(options: GrowingSearchOptions): Promise<number> {
  const { limit, allowed, growth, drop } = options;
  /** What a drop says of the next count: more than 1 to grow, less to shrink. */
  const factor = (measured: number) => 2 - Math.max(measured, 0) / allowed;
  let last = 0;
  let count = Math.min(Math.max(options.first, 1), limit);
  while (count > last) {
    const measured = await drop(count);
    if (measured > allowed) {
      const fewer = Math.max(Math.floor(factor(measured) * count), last);
      return fewer > last && (await drop(fewer)) <= allowed ? fewer : last;
    }
    last = count;
    count = Math.min(
      Math.ceil(factor(measured) * count),
      Math.ceil(count + (limit - count) * growth),
      limit,
    );
  }
  return last;
}
