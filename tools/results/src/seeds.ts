// npm run results -- RECIPE... --data FOLDER [--seeds 3]: all stages for several seeds; prints a table in Markdown.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compress, type PipelineEvent, type Summary } from '@kcr/pipeline';
import { markdownTable } from '../../experiments/src/markdown-table.ts';
import { spread } from './spread.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string' }, seeds: { type: 'string', default: '3' } },
});
const { data } = values;
if (positionals.length === 0 || !data)
  throw new Error('usage: npm run results -- RECIPE... --data FOLDER [--seeds 3]');

/** A line for each epoch, on standard error. */
function tell(event: PipelineEvent): void {
  if (event.type !== 'epoch') return;
  const { stage, record, epochs } = event;
  process.stderr.write(`${stage}: epoch ${record.epoch}/${epochs}, loss ${record.loss}\n`);
}

/** The summaries of a recipe's runs, one for each seed. */
async function run(recipe: string): Promise<Record<string, Summary>[]> {
  const summaries: Record<string, Summary>[] = [];
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    const out = join('runs', 'results', `${recipe}-${seed}`);
    const { summary } = await compress(recipe, { data, out, seed, on: tell });
    summaries.push({ ...summary });
  }
  return summaries;
}

type Column = (of: (key: string) => number[]) => string;

/** Columns of a task's metrics, which come before the parameters in a summary. */
function metricColumns(summary: Summary): Record<string, Column> {
  const keys = Object.keys(summary);
  return Object.fromEntries(
    keys.slice(0, keys.indexOf('params')).flatMap((key): [string, Column][] => [
      [
        `${key} by seed, %`,
        (of) =>
          of(key)
            .map((x) => (100 * x).toFixed(1))
            .join(' / '),
      ],
      [`${key}, %`, (of) => spread(of(key), 2, 100)],
    ]),
  );
}

const measured: Record<string, Column> = {
  parameters: (of) => spread(of('params'), 0),
  'MACs, M': (of) => spread(of('macs'), 2, 1e-6),
  'latency, ms': (of) => spread(of('latencyMs'), 2),
  trace: (of) => spread(of('trace'), 1),
  TNN: (of) => spread(of('tnn'), 3),
  KC: (of) => spread(of('kc'), 4),
  'A-KC': (of) => spread(of('aKc'), 4),
};

const information: Record<string, Column> = {
  'I(X~,X)': (of) => spread(of('iXtX'), 4),
  'I(X~,Y)': (of) => spread(of('iXtY'), 4),
  IB: (of) => spread(of('ib'), 4),
};

const rows: Record<string, string>[] = [];
for (const recipe of positionals) {
  const summaries = await run(recipe);
  for (const [name, first] of Object.entries(summaries[0]!)) {
    const of = (key: string) => summaries.map((summary) => summary[name]![key]!);
    const more = first.ib === undefined ? {} : information;
    const columns = { ...metricColumns(first), ...measured, ...more };
    const cells = Object.entries(columns).map(([title, column]) => [title, column(of)]);
    rows.push({ recipe, model: name, ...Object.fromEntries(cells) });
  }
}
const header = [...new Set(rows.flatMap(Object.keys))];
const cells = rows.map((row) => header.map((h) => row[h] ?? ''));
process.stdout.write(`${markdownTable(header, cells)}\n`);
