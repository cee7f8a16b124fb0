import type { OptimizerOptions, SearchOptions } from './fit-options.ts';
import { learningRate } from './learning-rate.ts';
import type { Group } from './trainer.ts';

/** The learning rates of a run. */
export interface GroupRates {
  /** Of a group's step, from 0. */
  rate(group: Group, step: number): number;
  /** The sum over all steps of a group: about the most that one of its parameters can move with Adam. */
  travel(group: Group): number;
}

/** Each group has a schedule over its own steps. @param perEpoch steps of a group in an epoch */
export function groupRates(
  { optimizer, architectureOptimizer = optimizer, epochs }: SearchOptions,
  perEpoch: (group: Group) => number,
): GroupRates {
  const chosen = (group: Group): OptimizerOptions =>
    group === 'architecture' ? architectureOptimizer : optimizer;

  function rate(group: Group, step: number): number {
    const { lr, minLr = lr / 100, warmupEpochs = 0, decay } = chosen(group);
    const steps = perEpoch(group);
    const [warmupSteps, totalSteps] = [warmupEpochs * steps, epochs * steps];
    return learningRate(step, { lr, minLr, warmupSteps, totalSteps, decay });
  }

  function travel(group: Group): number {
    let sum = 0;
    for (let step = 0; step < epochs * perEpoch(group); step++) sum += rate(group, step);
    return sum;
  }

  return { rate, travel };
}
