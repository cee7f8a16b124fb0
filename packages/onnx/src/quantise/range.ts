/** Where values of a graph lie. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** How many values of a range lie where: equal bins from its low end to its high end. */
export interface Histogram extends Range {
  readonly bins: Float64Array;
}
