import { agreement } from './bits.ts';
import { markdownTable } from './markdown-table.ts';
import type { Outcome } from './raw.ts';
import { type Interval, interval, mcnemar, pText, smallestSeen } from './statistics.ts';

/** Two models of an outcome that are compared on the same images. */
export interface Pair {
  readonly first: string;
  readonly second: string;
}

/** How two models differ over the seeds. */
export interface Comparison extends Pair {
  /** Mean accuracies in percent. */
  readonly accuracies: readonly [number, number];
  /** Difference of the accuracies in points, first less second, paired by seed and image. */
  readonly difference: Interval;
  /** The smallest difference in points that this experiment would have seen. */
  readonly seen: number;
  /** McNemar's p over the images of all seeds. */
  readonly p: number;
}

/** A difference in points, with its sign. */
export const points = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(1)}`;

/** Compares two models over the seeds that have both. */
export function compare(
  outcomes: readonly Outcome[],
  images: number,
  { first, second }: Pair,
): Comparison {
  const found = outcomes.flatMap(({ right }) => {
    const [a, b] = [right[first], right[second]];
    return a !== undefined && b !== undefined ? [agreement(a, b)] : [];
  });
  const percent = (n: number) => (100 * n) / images;
  const mean = (of: (own: (typeof found)[number]) => number) =>
    found.reduce((sum, own) => sum + percent(of(own)), 0) / found.length;
  const differences = found.map((own) => percent(own.first - own.second));
  const sum = (of: (own: (typeof found)[number]) => number) =>
    found.reduce((total, own) => total + of(own), 0);
  const difference = interval(differences);
  const seen = smallestSeen(differences);
  return {
    first,
    second,
    accuracies: [mean((own) => own.first), mean((own) => own.second)],
    difference,
    seen,
    p: mcnemar(
      sum((own) => own.firstAlone),
      sum((own) => own.secondAlone),
    ),
  };
}

/** A mean difference with its interval, where more than one seed gives one. */
const rangeText = ({ mean, low, high, n }: Interval): string =>
  n < 2 ? points(mean) : `${points(mean)} [${points(low)}, ${points(high)}]`;

/** Compares pairs, as a table in Markdown. */
export function comparisonTable(
  outcomes: readonly Outcome[],
  pairs: readonly Pair[],
  images: number,
): { markdown: string; comparisons: Comparison[] } {
  const comparisons = pairs.map((pair) => compare(outcomes, images, pair));
  const rows = comparisons.map(({ first, second, accuracies, difference, seen, p }) => [
    first,
    second,
    ...accuracies.map((value) => value.toFixed(1)),
    rangeText(difference),
    difference.n < 2 ? '' : seen.toFixed(1),
    pText(p),
    String(difference.n),
  ]);
  const header = [
    'first',
    'second',
    'first, %',
    'second, %',
    'difference, points',
    'would be seen',
    'McNemar p',
    'seeds',
  ];
  return { markdown: markdownTable(header, rows), comparisons };
}
