import type { Matches } from './matching.ts';
import { RECALLS, THRESHOLDS } from './thresholds.ts';

/** numpy's spacing(1), which keeps 0 / 0 away. */
const TINY = 2 ** -52;

/**
 * Precision at 101 recalls, and the recall reached, by threshold.
 *
 * @param limit most detections of an image
 * @returns undefined where no object counts
 */
export function accumulate(cells: readonly Matches[], limit: number) {
  const positives = cells.reduce((sum, cell) => sum + cell.positives, 0);
  if (positives === 0) return undefined;
  const entries = cells.flatMap((cell) =>
    Array.from({ length: Math.min(cell.scores.length, limit) }, (_, d) => ({ cell, d })),
  );
  entries.sort((a, b) => b.cell.scores[b.d]! - a.cell.scores[a.d]!);
  return THRESHOLDS.map((_, t) => curveOf(entries, t, positives));
}

function curveOf(entries: readonly { cell: Matches; d: number }[], t: number, positives: number) {
  const [recalls, precisions]: [number[], number[]] = [[], []];
  let [hits, misses] = [0, 0];
  for (const { cell, d } of entries) {
    const state = cell.state[t * cell.scores.length + d]!;
    if (state === 1) hits++;
    else if (state === 0) misses++;
    recalls.push(hits / positives);
    precisions.push(hits / (hits + misses + TINY));
  }
  // The highest precision at this recall or a higher one.
  for (let i = precisions.length - 1; i > 0; i--)
    precisions[i - 1] = Math.max(precisions[i - 1]!, precisions[i]!);
  const precision = new Float64Array(RECALLS.length);
  let at = 0;
  RECALLS.forEach((recall, r) => {
    while (at < recalls.length && recalls[at]! < recall) at++;
    if (at < recalls.length) precision[r] = precisions[at]!;
  });
  return { precision, recall: recalls.at(-1) ?? 0 };
}
