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

type Models = Readonly<Record<string, Summary>>;

/** A column of a table, whose cells are beside the first model's where they say so. */
interface TableColumn {
  readonly title: string;
  cell(summary: Summary, first: Summary): Cell;
}

const metricColumns = (models: readonly Summary[], metrics: Task['metrics']): TableColumn[] =>
  Object.entries(metrics)
    .filter(([key]) => models.some((model) => own(model, key) !== undefined))
    .map(([key, title]) => ({
      title,
      cell: (summary) => {
        const share = own(summary, key);
        return { text: share === undefined ? '' : percentText(share, 1) };
      },
    }));

const sizeColumns: readonly TableColumn[] = SIZES.map(({ title, of, text }) => ({
  title,
  cell: (summary, first) => ({
    text: text(of(summary)),
    beside: besideText(of(summary), of(first)),
  }),
}));

/** Columns that no model has are left out. */
const analysisColumns = (models: readonly Summary[], columns: readonly Column[]): TableColumn[] =>
  shownColumns(models, columns).map((column) => ({
    title: column.title,
    cell: (summary) => {
      const value = numberOf(summary, column);
      return { text: value === undefined ? '' : columnText(value, column) };
    },
  }));

/** Those of the columns that some model has. */
export const shownColumns = (models: readonly Summary[], columns: readonly Column[]): Column[] =>
  columns.filter((column) => models.some((model) => numberOf(model, column) !== undefined));

function tableOf(models: Models, columns: readonly TableColumn[]): SummaryTable {
  const first = Object.values(models)[0]!;
  return {
    header: ['model', ...columns.map(({ title }) => title)],
    rows: Object.entries(models).map(([name, summary]) => ({
      name,
      cells: columns.map(({ cell }) => cell(summary, first)),
    })),
  };
}

/** How good models are, and their sizes and speed: what every model has. */
export const costTable = (models: Models, metrics: Task['metrics']): SummaryTable =>
  tableOf(models, [...metricColumns(Object.values(models), metrics), ...sizeColumns]);

/** What the analyses found. */
export const analysisTable = (models: Models, columns: readonly Column[]): SummaryTable =>
  tableOf(models, analysisColumns(Object.values(models), columns));

/** Both beside each other, as a terminal shows them. */
export function summaryTable(
  models: Models,
  metrics: Task['metrics'],
  columns: readonly Column[],
): SummaryTable {
  const all = Object.values(models);
  return tableOf(models, [
    ...metricColumns(all, metrics),
    ...sizeColumns,
    ...analysisColumns(all, columns),
  ]);
}
