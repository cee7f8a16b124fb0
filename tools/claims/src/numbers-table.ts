import { markdownTable } from '../../experiments/src/markdown-table.ts';
import type { Outcome } from '../../experiments/src/raw.ts';
import { interval } from '../../experiments/src/statistics.ts';

/** A number that outcomes have of several models, under `MODEL, KEY`. */
export interface Measured {
  readonly key: string;
  readonly title: string;
  /** Digits after the point. */
  readonly digits: number;
}

const signed = (value: number, digits: number) =>
  `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`;

/** The values that the outcomes have of a number, in their order. */
const valuesOf = (outcomes: readonly Outcome[], name: string): (number | undefined)[] =>
  outcomes.map(({ numbers }) => numbers[name]);

/** The mean, and beside it the difference to a baseline, paired by seed. */
function cell(
  outcomes: readonly Outcome[],
  model: string,
  against: string,
  { key, digits }: Measured,
): string {
  const values = valuesOf(outcomes, `${model}, ${key}`);
  const base = valuesOf(outcomes, `${against}, ${key}`);
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '';
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const differences = values.flatMap((value, i) =>
    value === undefined || base[i] === undefined ? [] : [value - base[i]],
  );
  if (model === against || differences.length < 2) return mean.toFixed(digits);
  const { mean: difference, low, high } = interval(differences);
  return `${mean.toFixed(digits)}, ${signed(difference, digits)} [${signed(low, digits)}, ${signed(high, digits)}]`;
}

/** Numbers of several models as a table in Markdown: the means, with their differences to one of the models. */
export function numbersTable(
  outcomes: readonly Outcome[],
  models: readonly string[],
  against: string,
  measured: readonly Measured[],
): string {
  const rows = models.map((model) => [
    model,
    ...measured.map((own) => cell(outcomes, model, against, own)),
  ]);
  const header = ['', ...measured.map(({ title }) => title)];
  return markdownTable(header, rows);
}
