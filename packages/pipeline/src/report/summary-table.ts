import type { Column, Task } from '@kcr/core';
import type { Summary } from './run-analysis.ts';

/** A cell of a table: its text, and how it stands to the first row's. */
export interface Cell {
  readonly text: string;
  readonly beside?: string;
}

/** A table of models, each beside the first, which is the dense one. */
export interface SummaryTable {
  readonly header: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly Cell[] }[];
}

const percentText = (share: number, digits: number) => `${(100 * share).toFixed(digits)} %`;

/** A number of its own, not what every object has under that name. */
const own = (summary: Summary, key: string): number | undefined =>
  Object.hasOwn(summary, key) ? summary[key] : undefined;

/** The number of a column, if a model has it. */
function numberOf(summary: Summary, { number, per }: Column): number | undefined {
  const [value, divisor] = [own(summary, number), per === undefined ? 1 : own(summary, per)];
  return value === undefined || divisor === undefined ? undefined : value / divisor;
}

const columnText = (value: number, { digits = 4, percent }: Column) =>
  percent ? percentText(value, digits) : value.toFixed(digits);

/** Size and speed, which every model has. */
const SIZES: readonly { title: string; of(summary: Summary): number; text(x: number): string }[] = [
  { title: 'parameters', of: ({ params }) => params, text: (x) => x.toLocaleString('en') },
  { title: 'MACs', of: ({ macs }) => macs, text: (x) => `${(x / 1e6).toFixed(2)} M` },
  { title: 'latency', of: ({ latencyMs }) => latencyMs, text: (x) => `${x.toFixed(2)} ms` },
];

function besideText(value: number, first: number): string | undefined {
  if (value === first) return undefined;
  const percent = 100 * (value / first - 1);
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

/** What a report and a terminal show of models: columns that no model has are left out. */
export function summaryTable(
  models: Readonly<Record<string, Summary>>,
  metrics: Task['metrics'],
  columns: readonly Column[],
): SummaryTable {
  const all = Object.values(models);
  const first = all[0]!;
  const shares = Object.entries(metrics).filter(([key]) =>
    all.some((m) => own(m, key) !== undefined),
  );
  const shown = columns.filter((column) => all.some((m) => numberOf(m, column) !== undefined));
  const cellsOf = (summary: Summary): Cell[] => [
    ...shares.map(([key]) => {
      const share = own(summary, key);
      return { text: share === undefined ? '' : percentText(share, 1) };
    }),
    ...SIZES.map(({ of, text }) => ({
      text: text(of(summary)),
      beside: besideText(of(summary), of(first)),
    })),
    ...shown.map((column) => {
      const value = numberOf(summary, column);
      return { text: value === undefined ? '' : columnText(value, column) };
    }),
  ];
  return {
    header: [
      'model',
      ...shares.map(([, title]) => title),
      ...SIZES.map(({ title }) => title),
      ...shown.map(({ title }) => title),
    ],
    rows: Object.entries(models).map(([name, summary]) => ({ name, cells: cellsOf(summary) })),
  };
}
