/** A root of 1 + rho sum_i z_i^2 / (d_i - x) as d[origin] + offset: differences from all d_i follow without loss. */
export interface SecularRoot {
  readonly origin: number;
  readonly offset: number;
}

/** More than are ever needed: each that does not come nearer halves the interval. */
const MOST_STEPS = 200;

/**
 * The root of f(x) = 1 / rho + sum_i z_i^2 / (d_i - x) between d_j and d_(j+1), or above the last one. Both sums, over poles below and above, are
 * replaced by functions with one pole and the same value and slope (Bunch, Nielsen and Sorensen 1978); what leaves the interval is replaced by
 * its middle. Ends where f is rounding.
 *
 * @param d ascending, all apart
 * @param z none 0
 * @param rho above 0
 */
export function secularRoot(d: Float64Array, z: Float64Array, rho: number, j: number): SecularRoot {
  const n = d.length;
  const isLast = j === n - 1;
  if (n === 1) return { origin: 0, offset: rho * z[0]! ** 2 };
  const lengths = z.reduce((sum, x) => sum + x * x, 0);
  // The two poles of the functions; above the last one they are the last two.
  const lower = isLast ? n - 2 : j;
  const gap = isLast ? rho * lengths : d[j + 1]! - d[j]!;
  const inUpperHalf = !isLast && valueAt(d, z, rho, { origin: j, offset: gap / 2 }, lower).f < 0;
  const origin = inUpperHalf ? j + 1 : j;
  let [low, high] = inUpperHalf ? [-gap / 2, 0] : [0, isLast ? gap : gap / 2];
  const [left, right] = [d[lower]! - d[origin]!, d[lower + 1]! - d[origin]!];
  let offset = (low + high) / 2;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { f, below, above, belowSlope, aboveSlope } = valueAt(
      d,
      z,
      rho,
      { origin, offset },
      lower,
    );
    const size = 1 / rho + Math.abs(below) + Math.abs(above);
    if (Math.abs(f) <= ROUNDING * (size + Math.abs(offset) * (belowSlope + aboveSlope))) break;
    if (f < 0) low = offset;
    else high = offset;
    const [toLeft, toRight] = [left - offset, right - offset];
    const s = belowSlope * toLeft * toLeft;
    const r = aboveSlope * toRight * toRight;
    const c = 1 / rho + below - belowSlope * toLeft + above - aboveSlope * toRight;
    const next = twoPoles(c, s, r, left, right, isLast);
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    const before = offset;
    offset = next > low && next < high ? next : middle;
    if (offset === before) break;
  }
  return { origin, offset };
}

/** f is not known better than to so much of its parts. */
const ROUNDING = 4 * Number.EPSILON;

/** f, and its sums over the poles up to `lower` and over those above, with their slopes. */
function valueAt(
  d: Float64Array,
  z: Float64Array,
  rho: number,
  { origin, offset }: SecularRoot,
  lower: number,
) {
  let [below, belowSlope, above, aboveSlope] = [0, 0, 0, 0];
  const base = d[origin]!;
  for (let i = 0; i <= lower; i++) {
    const part = z[i]! / (d[i]! - base - offset);
    below += z[i]! * part;
    belowSlope += part * part;
  }
  for (let i = lower + 1; i < d.length; i++) {
    const part = z[i]! / (d[i]! - base - offset);
    above += z[i]! * part;
    aboveSlope += part * part;
  }
  return { f: 1 / rho + below + above, below, above, belowSlope, aboveSlope };
}

/** The root x of c + s / (left - x) + r / (right - x) between the poles, or `above` both; one of them is 0. */
function twoPoles(
  c: number,
  s: number,
  r: number,
  left: number,
  right: number,
  above: boolean,
): number {
  // c x^2 - b x + e = 0. Between the poles it is the root with - before the square root whatever the sign of c.
  const b = c * (left + right) + s + r;
  const e = c * left * right + s * right + r * left;
  const root = (above ? 1 : -1) * Math.sqrt(Math.max(b * b - 4 * c * e, 0));
  // Without a difference of what is nearly equal.
  return root * b > 0 ? (b + root) / (2 * c) : (2 * e) / (b - root);
}
