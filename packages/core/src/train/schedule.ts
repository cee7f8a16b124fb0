/** Learning rate over a run: linear warm-up from the floor, then a cosine back to it. */
export interface ScheduleOptions {
  /** Peak learning rate. */
  lr: number;
  /** Learning rate at both ends. */
  minLr: number;
  warmupSteps: number;
  totalSteps: number;
}

/** The learning rate of step `step`, from 0. */
export function learningRate(step: number, options: ScheduleOptions): number {
  const { lr, minLr, warmupSteps, totalSteps } = options;
  if (step < warmupSteps) return minLr + ((lr - minLr) * step) / warmupSteps;
  const done = (step - warmupSteps) / Math.max(totalSteps - warmupSteps, 1);
  return minLr + 0.5 * (lr - minLr) * (1 + Math.cos(Math.PI * Math.min(done, 1)));
}
