/** Smallest value of Q(a|y) whose logarithm is taken. */
export const MIN_Q = 1e-8;

/**
 * log Q(a|y) from the joint distribution of classes and clusters [classes, clusters] (DCS eq. 8), at least
 * log {@link MIN_Q}; uniform where a class has no images.
 */
export function logConditional(
  joint: Float64Array,
  classes: number,
  clusters: number,
): Float64Array {
  const logQ = new Float64Array(joint.length).fill(-Math.log(clusters));
  for (let y = 0; y < classes; y++) {
    const column = joint.subarray(y * clusters, (y + 1) * clusters);
    const total = column.reduce((sum, p) => sum + p, 0);
    if (total === 0) continue;
    column.forEach((p, a) => {
      logQ[y * clusters + a] = Math.log(Math.max(p / total, MIN_Q));
    });
  }
  return logQ;
}
