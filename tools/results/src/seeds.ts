// npm run results -- RECIPE --data FOLDER [--seeds 3]: all stages for several seeds; prints a table in Markdown.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { main, type Summary } from '@kcr/cli';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string' }, seeds: { type: 'string', default: '3' } },
});
const [recipe] = positionals;
if (!recipe || !values.data)
  throw new Error('usage: npm run results -- RECIPE --data FOLDER [--seeds 3]');

const summaries: Record<string, Summary>[] = [];
for (let seed = 0; seed < Number(values.seeds); seed++) {
  const out = join('runs', 'results', `${recipe}-${seed}`);
  await main([
    'node',
    'kcr',
    'compress',
    recipe,
    '--data',
    values.data,
    '--out',
    out,
    '--seed',
    String(seed),
  ]);
  if (process.exitCode) process.exit();
  summaries.push(JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')));
}

/** Mean and sample standard deviation. */
function spread(values: readonly number[], digits: number, scale = 1): string {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance =
    values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(values.length - 1, 1);
  return `${(scale * mean).toFixed(digits)} ± ${(scale * Math.sqrt(variance)).toFixed(digits)}`;
}

const lines = Object.keys(summaries[0]!).map((name) => {
  const of = (key: keyof Summary) => summaries.map((summary) => summary[name]![key]);
  const cells = [
    name,
    of('top1')
      .map((x) => (100 * x).toFixed(1))
      .join(' / '),
    spread(of('top1'), 2, 100),
    spread(of('params'), 0),
    spread(of('macs'), 2, 1e-6),
    spread(of('latencyMs'), 2),
    spread(of('trace'), 1),
    spread(of('tnn'), 3),
    spread(of('kc'), 4),
  ];
  return `| ${cells.join(' | ')} |`;
});
const header = [
  'model',
  'top-1 by seed, %',
  'top-1, %',
  'parameters',
  'MACs, M',
  'latency, ms',
  'trace',
  'TNN',
  'KC',
];
process.stdout.write(
  `\n| ${header.join(' | ')} |\n|${'---|'.repeat(header.length)}\n${lines.join('\n')}\n`,
);
