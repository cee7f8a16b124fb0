import {
  type Comparison,
  compare,
  type Pair,
  points,
} from '../../experiments/src/comparison-table.ts';
import type { Outcome } from '../../experiments/src/raw.ts';
import { type Interval, interval, smallestSeen } from '../../experiments/src/statistics.ts';

/** What an interval says of a claim that a difference is above 0. */
export const words = ['shown', 'not seen', 'refuted', 'one seed'] as const;

/** What became of one thing that is claimed. */
export interface Verdict {
  readonly word: (typeof words)[number];
  /** The difference with its interval, and the smallest one that would have been seen. */
  readonly text: string;
  /** Seeds. */
  readonly n: number;
}

/** One thing that is claimed, and what an experiment says of it. */
export interface Statement {
  readonly of: string;
  /** Under which conditions. */
  readonly at: string;
  readonly verdict: Verdict;
}

/**
 * Whether a difference is above 0: shown or refuted where its interval excludes 0.
 *
 * @param seen the smallest difference that would have been seen
 * @param text of a number, with its sign
 */
export function verdictIn(
  { mean, low, high, n }: Interval,
  seen: number,
  text: (value: number) => string = points,
): Verdict {
  if (n < 2) return { word: 'one seed', text: n === 0 ? 'not measured' : text(mean), n };
  const found = `${text(mean)} [${text(low)}, ${text(high)}]`;
  if (low > 0) return { word: 'shown', text: found, n };
  if (high < 0) return { word: 'refuted', text: found, n };
  return { word: 'not seen', text: `${found}; ${text(seen).replace('+', '')} would have been`, n };
}

/**
 * Whether a claim holds that one thing is better than another.
 *
 * @param differences in points, one for each seed, above 0 where the claim holds
 */
export const verdictOf = (differences: readonly number[]): Verdict =>
  verdictIn(interval(differences), smallestSeen(differences));

/** {@link verdictOf} the claim that the first of two models is better. */
export const verdictOfPair = (outcomes: readonly Outcome[], pair: Pair, images: number): Verdict =>
  verdictOfComparison(compare(outcomes, images, pair));

/** The same of models that have been compared. */
export const verdictOfComparison = ({ difference, seen }: Comparison): Verdict =>
  verdictIn(difference, seen);

/** Of each comparison, that its first model is better than its second. @param at under which conditions all were made */
export const betterThan = (comparisons: readonly Comparison[], at = ''): Statement[] =>
  comparisons.map((comparison) => ({
    of: `${comparison.first}: better than ${comparison.second}`,
    at,
    verdict: verdictOfComparison(comparison),
  }));

/** A row for each statement, in Markdown. */
export const statementRows = (statements: readonly Statement[]): string[][] =>
  statements.map(({ of, at, verdict }) => [of, at, verdict.word, verdict.text]);

/** What is claimed by what became of it, with the number of conditions where it was tested in several. */
export function byWord(statements: readonly Statement[]): Record<Verdict['word'], string> {
  const cell = (word: Verdict['word']) => {
    const counts = new Map<string, number>();
    for (const { of, verdict } of statements)
      if (verdict.word === word) counts.set(of, (counts.get(of) ?? 0) + 1);
    return [...counts].map(([of, n]) => (n > 1 ? `${of} (${n})` : of)).join('; ');
  };
  return Object.fromEntries(words.map((word) => [word, cell(word)])) as Record<
    Verdict['word'],
    string
  >;
}
