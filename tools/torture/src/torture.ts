// npm run torture -- [--seed N] [--minutes M] [--only NAME] [--case I] [--json]: damaged files for every reader, and runs that
// are killed; exit 1 where one fails. The files of failures are left in runs/torture.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { names, torture } from './rounds.ts';
import type { Row } from './rows.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '5' },
    only: { type: 'string' },
    case: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function numberOf(name: 'seed' | 'minutes' | 'case', least: number): number {
  const value = Number(values[name]);
  if (!(value >= least) || (name !== 'minutes' && !Number.isSafeInteger(value)))
    throw new Error(`--${name} ${values[name]}: give a number from ${least}`);
  return value;
}

function line({ name, tried, refused, failed }: Row): string {
  return `| ${name} | ${tried} | ${refused} | ${failed} |\n`;
}

function table(rows: readonly Row[]): string {
  const sum = (key: 'tried' | 'refused' | 'failed') => rows.reduce((n, row) => n + row[key], 0);
  const all = { name: 'all', tried: sum('tried'), refused: sum('refused'), failed: sum('failed') };
  const lines = [...rows, { ...all, failures: [] }].map(line);
  return `| target | tried | refused | failed |\n|---|---|---|---|\n${lines.join('')}`;
}

const seed = numberOf('seed', 0);
const seconds = 60 * numberOf('minutes', 0);
const only = values.only?.split(',');
const unknown = only?.filter((name) => !names.includes(name)) ?? [];
if (unknown.length > 0) throw new Error(`--only ${unknown}: give one of ${names.join(', ')}`);
const out = join('runs', 'torture');
await rm(out, { recursive: true, force: true });
const start = performance.now();
let shown = 0;
const rows = await torture({
  seed,
  seconds,
  only,
  case: values.case === undefined ? undefined : numberOf('case', 0),
  out,
  onCase(row, done) {
    const now = performance.now();
    if (values.json || now - shown < 500) return;
    shown = now;
    const sum = (key: 'tried' | 'failed') => [...done, row].reduce((n, own) => n + own[key], 0);
    const left = Math.max(seconds - (now - start) / 1000, 0);
    process.stderr.write(
      `\r${row.name.padEnd(22)} ${sum('tried')} tried, ${sum('failed')} failed, ${Math.round(left)} s left   `,
    );
  },
});
const failures = rows.flatMap(({ name, failures: own }) =>
  own.map((f) => ({ target: name, ...f })),
);
if (values.json) process.stdout.write(`${JSON.stringify({ seed, rows })}\n`);
else {
  process.stderr.write('\n');
  process.stdout.write(table(rows));
  for (const { target, kind, message, again, files } of failures)
    process.stdout.write(
      `\n${target}, ${kind}: ${message}\n  again: ${again}\n  files: ${files}\n`,
    );
}
if (failures.length > 0) process.exitCode = 1;
