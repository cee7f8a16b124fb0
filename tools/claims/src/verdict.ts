import {
  type Comparison,
  compare,
  type Pair,
  points,
} from '../../experiments/src/comparison-table.ts';
import type { Outcome } from '../../experiments/src/raw.ts';
import {
  holm,
  type Interval,
  interval,
  pOf,
  pText,
  smallestSeen,
} from '../../experiments/src/statistics.ts';

/** What an interval says of a claim that a difference is above 0. */
export const words = ['shown', 'not seen', 'refuted', 'one seed'] as const;

/** What became of one thing that is claimed. */
export interface Verdict {
  readonly word: (typeof words)[number];
  /** The difference with its interval, and the smallest one that would have been seen. */
  readonly text: string;
  /** Student's, of the difference; 1 for one seed. */
  readonly p: number;
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
  difference: Interval,
  seen: number,
  text: (value: number) => string = points,
): Verdict {
  const { mean, low, high, n } = difference;
  const p = pOf(difference);
  if (n < 2) return { word: 'one seed', text: n === 0 ? 'not measured' : text(mean), p, n };
  const found = `${text(mean)} [${text(low)}, ${text(high)}]`;
  if (low > 0) return { word: 'shown', text: found, p, n };
  if (high < 0) return { word: 'refuted', text: found, p, n };
  const unseen = `${found}; ${text(seen).replace('+', '')} would have been`;
  return { word: 'not seen', text: unseen, p, n };
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

/** p of each, adjusted for all that were tested. */
function adjusted(statements: readonly Statement[]): number[] {
  const isTested = ({ verdict }: Statement) => verdict.n > 1;
  const ps = holm(statements.filter(isTested).map(({ verdict }) => verdict.p));
  let next = 0;
  return statements.map((statement) => (isTested(statement) ? ps[next++]! : 1));
}

/** A row for each statement of an experiment, in Markdown: what is claimed, at, verdict, difference, p by Holm. */
export function statementRows(statements: readonly Statement[]): string[][] {
  const ps = adjusted(statements);
  return statements.map(({ of, at, verdict: { word, text, n } }, i) => [
    of,
    at,
    word,
    text,
    n > 1 ? pText(ps[i]!) : '',
  ]);
}

/**
 * What an experiment claims by what became of it, with the number of conditions where it was tested in several, and how many of these
 * verdicts hold among all of the experiment's where not all do.
 */
export function byWord(statements: readonly Statement[]): Record<Verdict['word'], string> {
  const ps = adjusted(statements);
  const cell = (word: Verdict['word']) => {
    const isDecided = word === 'shown' || word === 'refuted';
    const counts = new Map<string, { all: number; held: number }>();
    statements.forEach(({ of, verdict }, i) => {
      if (verdict.word !== word) return;
      const { all, held } = counts.get(of) ?? { all: 0, held: 0 };
      counts.set(of, { all: all + 1, held: held + (ps[i]! < 0.05 ? 1 : 0) });
    });
    const told = [...counts].map(([of, { all, held }]) => {
      const often = all > 1 ? [String(all)] : [];
      const among = isDecided && held < all ? [`${held || 'not'} by Holm`] : [];
      const said = [...often, ...among].join(', ');
      return said ? `${of} (${said})` : of;
    });
    return told.join('; ');
  };
  return Object.fromEntries(words.map((word) => [word, cell(word)])) as Record<
    Verdict['word'],
    string
  >;
}
