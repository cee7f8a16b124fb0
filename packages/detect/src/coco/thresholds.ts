/** As numpy's linspace rounds. */
const linspace = (start: number, stop: number, n: number): number[] => {
  const step = (stop - start) / (n - 1);
  return Array.from({ length: n }, (_, i) => (i === n - 1 ? stop : i * step + start));
};

/** Intersections over union from which on a detection finds an object: 0.5, 0.55, ..., 0.95. */
export const THRESHOLDS = linspace(0.5, 0.95, 10);

/** Recalls at which precision is read: 0, 0.01, ..., 1. */
export const RECALLS = linspace(0, 1, 101);
