// What `npm run torture` does: see torture.ts.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allItems, chosenItems, torture } from './rounds.ts';
import type { Row } from './rows.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '5' },
    jobs: { type: 'string', default: String(Math.min(cpus().length, 2)) },
    only: { type: 'string' },
    case: { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function numberOf(name: 'seed' | 'minutes' | 'case' | 'jobs', least: number): number {
  const value = Number(values[name]);
  if (!(value >= least) || (name !== 'minutes' && !Number.isSafeInteger(value)))
    throw new Error(`--${name} ${values[name]}: give a number from ${least}`);
  return value;
}

const line = ({ name, tried, refused, failed, seconds }: Omit<Row, 'failures'>): string =>
  `| ${name} | ${tried} | ${refused} | ${failed} | ${seconds.toFixed(1)} |\n`;

function table(rows: readonly Row[]): string {
  const sum = (key: 'tried' | 'refused' | 'failed' | 'seconds') =>
    rows.reduce((n, row) => n + row[key], 0);
  const all = {
    name: 'all',
    tried: sum('tried'),
    refused: sum('refused'),
    failed: sum('failed'),
    seconds: sum('seconds'),
  };
  return `| target | tried | refused | failed | seconds |\n|---|---|---|---|---|\n${[...rows, all].map(line).join('')}`;
}

const seed = numberOf('seed', 0);
const seconds = 60 * numberOf('minutes', 0);
const jobs = numberOf('jobs', 1);
const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));
const all = await allItems(worker);
const items = values.only ? chosenItems(all, values.only.split(',')) : all;
if (!all.some(({ name }) => name.startsWith('full-')))
  process.stderr.write('skipped: disks that are full, since no file system may be mounted here\n');
const out = join('runs', 'torture');
await rm(out, { recursive: true, force: true });
const start = performance.now();
let shown = 0;
const rows = await torture(items, {
  worker,
  seed,
  seconds,
  jobs,
  case: values.case === undefined ? undefined : numberOf('case', 0),
  out,
  onCase(row, done) {
    const now = performance.now();
    if (values.json || !process.stderr.isTTY || now - shown < 500) return;
    shown = now;
    const sum = (key: 'tried' | 'failed') => [...done, row].reduce((n, own) => n + own[key], 0);
    const left = Math.max(seconds - (now - start) / 1000, 0);
    process.stderr.write(
      `\r${row.name.padEnd(22)} ${sum('tried')} tried, ${sum('failed')} failed, ${Math.round(left)} s left   `,
    );
  },
});
const took = (performance.now() - start) / 1000;
const result = { seed, jobs, node: process.version, seconds: Math.round(took), rows };
if (values.out) {
  await mkdir(dirname(values.out), { recursive: true });
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  if (process.stderr.isTTY) process.stderr.write('\n');
  process.stdout.write(table(rows));
  for (const { name, failures } of rows)
    for (const { kind, message, again, files } of failures)
      process.stdout.write(
        `\n${name}, ${kind}: ${message}\n  again: ${again}\n  files: ${files}\n`,
      );
}
if (rows.some(({ failed }) => failed > 0)) process.exitCode = 1;
