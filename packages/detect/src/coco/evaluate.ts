import type { CocoObject } from '@kcr/data';
import { overlap } from './overlap.ts';

/** The twelve figures of COCO, -1 where there is nothing to measure. */
export interface CocoSummary {
  /** Mean average precision over the IoU thresholds 0.5, 0.55, ..., 0.95. */
  AP: number;
  AP50: number;
  AP75: number;
  /** Of objects below 32^2, 96^2 and above, in pixels. */
  APs: number;
  APm: number;
  APl: number;
  /** Mean recall over the thresholds with at most 1, 10 and 100 detections in an image. */
  AR1: number;
  AR10: number;
  AR100: number;
  ARs: number;
  ARm: number;
  ARl: number;
}

/** As numpy's linspace rounds. */
const linspace = (start: number, stop: number, n: number): number[] => {
  const step = (stop - start) / (n - 1);
  return Array.from({ length: n }, (_, i) => (i === n - 1 ? stop : i * step + start));
};
const THRESHOLDS = linspace(0.5, 0.95, 10);
const RECALLS = linspace(0, 1, 101);
const LIMITS = [1, 10, 100] as const;
const MOST = 100;
const AREAS = [
  [0, 1e10],
  [0, 32 ** 2],
  [32 ** 2, 96 ** 2],
  [96 ** 2, 1e10],
] as const;
/** numpy's spacing(1), which keeps 0 / 0 away. */
const TINY = 2 ** -52;

/** The detections of one image and category against its objects, for one range of areas. */
interface Matches {
  scores: Float64Array;
  /** By threshold and detection: 1 matched, 0 not, 2 neither a hit nor a miss. */
  state: Uint8Array;
  /** Objects that count. */
  positives: number;
}

/** Detections and objects of one image and category. */
interface Cell {
  truths: CocoObject[];
  /** By score, at most 100. */
  detections: CocoObject[];
  /** Detections x truths. */
  overlaps: Float64Array;
}

/**
 * Average precision and recall as COCO's API (pycocotools) computes them.
 *
 * @param images ids, @param categories ids; others are left out
 */
export function cocoEvaluate(
  truths: readonly CocoObject[],
  detections: readonly CocoObject[],
  images: readonly number[],
  categories: readonly number[],
): CocoSummary {
  const [truthCells, detectionCells] = [truths, detections].map(byCell) as [Cells, Cells];
  const precision = AREAS.map(() => new Mean());
  const byThreshold = THRESHOLDS.map(() => new Mean());
  const recall = AREAS.map(() => LIMITS.map(() => new Mean()));
  const order = [...new Set(images)].sort((a, b) => a - b);
  for (const category of new Set(categories)) {
    const cells = order.flatMap((image) => {
      const key = keyOf(image, category);
      const [own, found] = [truthCells.get(key) ?? [], detectionCells.get(key) ?? []];
      return own.length + found.length > 0 ? [makeCell(own, found)] : [];
    });
    AREAS.forEach((range, area) => {
      const matches = cells.map((cell) => match(cell, range));
      LIMITS.forEach((limit, l) => {
        const curves = accumulate(matches, limit);
        curves?.forEach((curve, t) => {
          recall[area]![l]!.add(curve.recall);
          if (limit !== MOST) return;
          for (const p of curve.precision) {
            precision[area]!.add(p);
            if (area === 0) byThreshold[t]!.add(p);
          }
        });
      });
    });
  }
  const [all, small, medium, large] = precision.map((mean) => mean.value) as FourNumbers;
  const [r, rs, rm, rl] = recall.map((limits) => limits.map((mean) => mean.value));
  return {
    AP: all,
    AP50: byThreshold[0]!.value,
    AP75: byThreshold[5]!.value,
    APs: small,
    APm: medium,
    APl: large,
    AR1: r![0]!,
    AR10: r![1]!,
    AR100: r![2]!,
    ARs: rs![2]!,
    ARm: rm![2]!,
    ARl: rl![2]!,
  };
}

type FourNumbers = [number, number, number, number];

/** A mean, -1 of nothing. */
class Mean {
  #sum = 0;
  #n = 0;

  add(x: number): void {
    this.#sum += x;
    this.#n++;
  }

  get value(): number {
    return this.#n === 0 ? -1 : this.#sum / this.#n;
  }
}

type Cells = Map<string, CocoObject[]>;
const keyOf = (image: number, category: number) => `${image}/${category}`;

function byCell(objects: readonly CocoObject[]): Cells {
  const cells: Cells = new Map();
  for (const object of objects) {
    const key = keyOf(object.image, object.category);
    const cell = cells.get(key);
    if (cell) cell.push(object);
    else cells.set(key, [object]);
  }
  return cells;
}

function makeCell(truths: CocoObject[], found: readonly CocoObject[]): Cell {
  // The sort is stable, as numpy's merge sort is: equal scores keep the order of the file.
  const detections = found.toSorted((a, b) => b.score - a.score).slice(0, MOST);
  const overlaps = new Float64Array(detections.length * truths.length);
  detections.forEach((detection, d) => {
    truths.forEach((truth, g) => {
      overlaps[d * truths.length + g] = overlap(detection, truth);
    });
  });
  return { truths, detections, overlaps };
}

/** Matches detections, best first, with the objects that they overlap most and that are free. */
function match({ truths, detections, overlaps }: Cell, [least, most]: readonly [number, number]) {
  const ignored = truths.map(({ crowd, area }) => crowd || area < least || area > most);
  // Objects that count come first.
  const order = truths.map((_, g) => g).sort((a, b) => Number(ignored[a]) - Number(ignored[b]));
  const n = detections.length;
  const state = new Uint8Array(THRESHOLDS.length * n);
  THRESHOLDS.forEach((threshold, t) => {
    const taken = new Uint8Array(truths.length);
    detections.forEach(({ area }, d) => {
      const best = bestMatch(d, threshold);
      if (best >= 0) {
        taken[best] = 1;
        state[t * n + d] = ignored[best] ? 2 : 1;
      } else if (area < least || area > most) state[t * n + d] = 2;
    });

    function bestMatch(d: number, from: number): number {
      let [iou, best] = [Math.min(from, 1 - 1e-10), -1];
      for (const g of order) {
        if (taken[g] && !truths[g]!.crowd) continue;
        if (best >= 0 && !ignored[best] && ignored[g]) break;
        const own = overlaps[d * truths.length + g]!;
        if (own < iou) continue;
        [iou, best] = [own, g];
      }
      return best;
    }
  });
  const scores = Float64Array.from(detections, ({ score }) => score);
  return { scores, state, positives: ignored.filter((out) => !out).length };
}

/**
 * Precision at 101 recalls, and the recall reached, by threshold.
 *
 * @param limit most detections of an image
 * @returns undefined where no object counts
 */
function accumulate(cells: readonly Matches[], limit: number) {
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
