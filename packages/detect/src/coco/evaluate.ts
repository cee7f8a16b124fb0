import type { CocoId, CocoObject } from '@kcr/data';
import { accumulate } from './curves.ts';
import { MOST, makeCell, match } from './matching.ts';
import { THRESHOLDS } from './thresholds.ts';

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

const LIMITS = [1, 10, 100] as const;

const AREAS = [
  [0, 1e10],
  [0, 32 ** 2],
  [32 ** 2, 96 ** 2],
  [96 ** 2, 1e10],
] as const;

/**
 * Average precision and recall as COCO's API (pycocotools) computes them, with two differences, where it is wrong: an
 * annotation with the id 0 is matched like any other, and annotations with one id count each by themselves.
 *
 * @param images ids, @param categories ids; others are left out
 */
export function cocoEvaluate(
  truths: readonly CocoObject[],
  detections: readonly CocoObject[],
  images: readonly CocoId[],
  categories: readonly CocoId[],
): CocoSummary {
  const [truthCells, detectionCells] = [truths, detections].map(byCell) as [Cells, Cells];
  const precision = AREAS.map(() => new Mean());
  const byThreshold = THRESHOLDS.map(() => new Mean());
  const recall = AREAS.map(() => LIMITS.map(() => new Mean()));
  const order = [...new Set(images)].sort(ascending);
  for (const category of new Set(categories)) {
    const cells = order.flatMap((image) => {
      const own = truthCells.get(image)?.get(category) ?? [];
      const found = detectionCells.get(image)?.get(category) ?? [];
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

/** Objects by image and category. */
type Cells = Map<CocoId, Map<CocoId, CocoObject[]>>;

/** Numbers before texts, each ascending: of equal scores the order of the images decides. */
function ascending(a: CocoId, b: CocoId): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

function byCell(objects: readonly CocoObject[]): Cells {
  const cells: Cells = new Map();
  for (const object of objects) {
    const ofImage = cells.get(object.image) ?? new Map<CocoId, CocoObject[]>();
    cells.set(object.image, ofImage);
    const cell = ofImage.get(object.category);
    if (cell) cell.push(object);
    else ofImage.set(object.category, [object]);
  }
  return cells;
}
