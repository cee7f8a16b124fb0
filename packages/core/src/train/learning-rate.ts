/** How the learning rate falls after the warm-up. */
export type Decay =
  /** A cosine, or a straight line, down to the floor. */
  | 'cosine'
  | 'linear'
  /** A tenth from each of these shares of the run on. */
  | { readonly milestones: readonly number[] };

/** Learning rate over a run: linear warm-up from the floor, then a decay. */
export interface ScheduleOptions {
  /** Peak learning rate. */
  lr: number;
  /** Learning rate at both ends. */
  minLr: number;
  warmupSteps: number;
  totalSteps: number;
  /** Default `cosine`. */
  decay?: Decay;
}

/** The learning rate of step `step`, from 0. */
export function learningRate(step: number, options: ScheduleOptions): number {
  const { lr, minLr, warmupSteps, totalSteps, decay = 'cosine' } = options;
  if (step < warmupSteps) return minLr + ((lr - minLr) * step) / warmupSteps;
  if (typeof decay === 'object') {
    const passed = decay.milestones.filter((share) => step >= share * totalSteps);
    return lr * 0.1 ** passed.length;
  }
  const done = Math.min((step - warmupSteps) / Math.max(totalSteps - warmupSteps, 1), 1);
  const left = decay === 'linear' ? 1 - done : 0.5 * (1 + Math.cos(Math.PI * done));
  return minLr + (lr - minLr) * left;
}
