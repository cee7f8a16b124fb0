/** A number that changes as a run goes on. */
export type Schedule = (progress: Progress) => number;

/** Where a run is; epochs and steps count from 0. */
export interface Progress {
  epoch: number;
  epochs: number;
  /** Steps that this optimiser has taken since the start of the run. */
  step: number;
}
