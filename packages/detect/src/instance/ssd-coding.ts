import type { BoxWeights } from '../boxes/box-coding.ts';

/** Factors of the coded shifts and sizes, as in Faster R-CNN. */
export const CODING: BoxWeights = [10, 10, 5, 5];
