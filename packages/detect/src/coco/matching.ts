import type { CocoObject } from '@kcr/data';
import { overlap } from './overlap.ts';
import { THRESHOLDS } from './thresholds.ts';

/** Most detections of an image and category that count. */
export const MOST = 100;

/** The detections of one image and category against its objects, for one range of areas. */
export interface Matches {
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

export function makeCell(truths: CocoObject[], found: readonly CocoObject[]): Cell {
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
export function match(
  { truths, detections, overlaps }: Cell,
  [least, most]: readonly [number, number],
) {
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
