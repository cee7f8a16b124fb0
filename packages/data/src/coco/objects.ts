import type { CocoBox, CocoId } from './format.ts';
import type { Rle } from './rle.ts';

/** What is compared. */
export type CocoType = 'bbox' | 'segm';

/** A ground-truth object or a detection, ready to be compared. */
export interface CocoObject {
  readonly image: CocoId;
  readonly category: CocoId;
  readonly box: CocoBox;
  readonly area: number;
  readonly crowd: boolean;
  /** Absent when boxes are compared. */
  readonly mask?: Rle;
  /** Of detections. */
  readonly score: number;
}

export interface CocoObjects {
  readonly objects: CocoObject[];
  /** Where each was in the list. */
  readonly positions: number[];
  /** Left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}
