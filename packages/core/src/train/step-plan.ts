import type { Group } from './trainer.ts';

/** A step of an epoch: whom it trains, and on which images. */
export interface PlannedStep {
  readonly group: Group;
  readonly indices: Int32Array;
}

/** The steps of two groups in turn, in proportion, the first group's first. */
export function inTurn(
  first: readonly PlannedStep[],
  second: readonly PlannedStep[],
): PlannedStep[] {
  const plan: PlannedStep[] = [];
  let taken = 0;
  first.forEach((step, i) => {
    plan.push(step);
    const due = Math.round(((i + 1) * second.length) / first.length);
    plan.push(...second.slice(taken, due));
    taken = due;
  });
  return [...plan, ...second.slice(taken)];
}
