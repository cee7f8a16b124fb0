/**
 * By bisection, the first of 0..length-1 from which on `holds`; `length` where it never does. Where it goes
 * back and forth, one at which it holds, after one at which it does not.
 */
export async function firstWhere(
  length: number,
  holds: (i: number) => Promise<boolean>,
): Promise<number> {
  let [low, high] = [-1, length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
