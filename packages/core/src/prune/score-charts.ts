import type { Model } from '../model/model.ts';
import type { Line, LineChart } from '../train/chart.ts';
import { blocksOf } from './blocks.ts';
import type { Scores } from './selection.ts';

/** Bins of a distribution. */
const BINS = 24;

/** Where scores lie between the lowest and the highest of a role: by their logarithms, where all are above 0. */
interface Axis {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
}

const axisOf = (values: readonly number[]): Axis => {
  const log = values.every((value) => value > 0);
  const along = values.map((value) => (log ? Math.log(value) : value));
  return {
    low: along.reduce((a, b) => Math.min(a, b)),
    high: along.reduce((a, b) => Math.max(a, b)),
    log,
  };
};

/** Shares of equal bins, each at its middle. */
function distribution(values: ArrayLike<number>, { low, high, log }: Axis): Line['points'] {
  const width = (high - low) / BINS;
  const counts = new Array<number>(BINS).fill(0);
  for (const value of Array.from(values)) {
    const along = log ? Math.log(value) : value;
    const bin = width > 0 ? Math.floor((along - low) / width) : 0;
    counts[Math.min(bin, BINS - 1)]!++;
  }
  return counts.map((count, i) => {
    const middle = low + (i + 0.5) * width;
    return [log ? Math.exp(middle) : middle, (100 * count) / values.length];
  });
}

/**
 * How a criterion's scores are distributed (VTC-LFC, A.10): a chart for each role of dimensions, with a line for each
 * block; scores are on a logarithmic axis where all of the role are above 0.
 *
 * @param model that the scores are of
 * @returns each with the role that it is of
 */
export function scoreCharts(model: Model, scores: Scores): (LineChart & { role: string })[] {
  const roles = new Map<string, { block: string; values: ArrayLike<number> }[]>();
  for (const { name: block, dims } of blocksOf(model))
    for (const { name, role } of dims) {
      const values = scores.get(name);
      if (values) roles.set(role, [...(roles.get(role) ?? []), { block, values }]);
    }
  return [...roles].map(([role, dims]) => {
    const axis = axisOf(dims.flatMap(({ values }) => Array.from(values)));
    return {
      role,
      title: `Scores of ${role} channels`,
      x: 'score',
      y: 'channels, %',
      logX: axis.log,
      lines: dims.map(({ block, values }) => ({ name: block, points: distribution(values, axis) })),
    };
  });
}
