// npm run results -- RECIPE... --data FOLDER [--seeds 3]: all stages for several seeds; prints a table in Markdown.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { main, type Summary } from '@kcr/cli';
import { spread } from './spread.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string' }, seeds: { type: 'string', default: '3' } },
});
const { data } = values;
if (positionals.length === 0 || !data)
  throw new Error('usage: npm run results -- RECIPE... --data FOLDER [--seeds 3]');

/** The summaries of a recipe's runs, one for each seed. */
async function run(recipe: string): Promise<Record<string, Summary>[]> {
  const summaries: Record<string, Summary>[] = [];
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    const out = join('runs', 'results', `${recipe}-${seed}`);
    const options = ['--data', data!, '--out', out, '--seed', String(seed)];
    await main(['node', 'kcr', 'compress', recipe, ...options]);
    if (process.exitCode) process.exit();
    summaries.push(JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')));
  }
  return summaries;
}

const columns: Record<string, (of: (key: keyof Summary) => number[]) => string> = {
  'top-1 by seed, %': (of) =>
    of('top1')
      .map((x) => (100 * x).toFixed(1))
      .join(' / '),
  'top-1, %': (of) => spread(of('top1'), 2, 100),
  parameters: (of) => spread(of('params'), 0),
  'MACs, M': (of) => spread(of('macs'), 2, 1e-6),
  'latency, ms': (of) => spread(of('latencyMs'), 2),
  trace: (of) => spread(of('trace'), 1),
  TNN: (of) => spread(of('tnn'), 3),
  KC: (of) => spread(of('kc'), 4),
  'I(X~,X)': (of) => spread(of('iXtX'), 4),
  'I(X~,Y)': (of) => spread(of('iXtY'), 4),
  IB: (of) => spread(of('ib'), 4),
};

const rows: string[][] = [];
for (const recipe of positionals) {
  const summaries = await run(recipe);
  for (const name of Object.keys(summaries[0]!)) {
    const of = (key: keyof Summary) => summaries.map((summary) => summary[name]![key]);
    rows.push([recipe, name, ...Object.values(columns).map((column) => column(of))]);
  }
}
const header = ['recipe', 'model', ...Object.keys(columns)];
for (const cells of [header, header.map(() => '---'), ...rows])
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
