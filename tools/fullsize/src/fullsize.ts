// npm run fullsize -- [RECIPE ...]: what the recipes of the papers take on this machine. What was
// measured before is not measured again: raw results are in tools/fullsize/raw. Writes the tables of docs/scale.md.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeAtomic } from '@kcr/core/internal';
import { loadRecipe } from '@kcr/pipeline';
import { RECIPES, type StageName, stagesOf } from './plan.ts';
import type { Asked, Row, Told } from './row.ts';
import { type Planned, ratioText, recipeTable, stageTable } from './tables.ts';

const usage = `usage: npm run fullsize -- [RECIPE ...] [--stage STAGE] [--limit SECONDS] [--memory GIB] [--pieces N] [--expected] [--table]

  RECIPE      of ${RECIPES.join(', ')}; default all
  --stage     dense, search, pruned or compact; default all that a recipe has
  --limit     seconds that the updates of a stage may take, default 600; of longer ones fewer pieces are timed
  --memory    GiB that a process may take; default what is free
  --pieces    pieces of an update that are timed at most, from 2; default as many as the limit allows
  --expected  what is expected of the steps that were measured, again; measures nothing
  --table     make the tables again, of what was measured
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stage: { type: 'string' },
    limit: { type: 'string', default: '600' },
    memory: { type: 'string' },
    pieces: { type: 'string' },
    expected: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const limit = Number(values.limit);
const memory =
  values.memory === undefined ? undefined : Math.round(2 ** 30 * Number(values.memory));
const most = values.pieces === undefined ? undefined : Number(values.pieces);
const isKnown = positionals.every((name) => (RECIPES as readonly string[]).includes(name));
if (
  values.help ||
  !isKnown ||
  !(limit > 0) ||
  !(most === undefined || most >= 2) ||
  !(memory === undefined || memory > 0)
) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const path = join(root, 'tools/fullsize/raw/fullsize.json');
const page = join(root, 'docs/scale.md');
const command = ['npm run fullsize --', ...process.argv.slice(2)].join(' ');

/** Milliseconds without a word after which it is said what goes on. */
const SILENCE = 6000;

/** Runs a process that measures a stage. @returns the last thing that it told, which is no progress */
async function ask(asked: Asked): Promise<Told> {
  const name = `${asked.recipe}, ${asked.stage}`;
  const program = fileURLToPath(new URL('measure-stage.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(asked)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const began = Date.now();
  let doing = 'starting';
  const say = () =>
    void process.stderr.write(`${name}: ${doing}, ${Math.round((Date.now() - began) / 1000)} s\n`);
  let timer = setInterval(say, SILENCE);
  let result: Told | undefined;
  let said = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as Told;
    if (told.type !== 'progress') result = told;
    else {
      doing = told.text;
      if (Date.now() - said < SILENCE / 3) continue;
      said = Date.now();
      say();
      clearInterval(timer);
      timer = setInterval(say, SILENCE);
    }
  }
  clearInterval(timer);
  const code = await ended;
  if (code === 0 && result) return result;
  throw new Error(`${name}: the process ended with ${code} and no result`);
}

/** Measures a stage, with fewer pieces where whole updates would take too long. */
async function measured(recipe: string, stage: StageName): Promise<Row> {
  const asked = { recipe, stage, memory, limit, most };
  const [load] = loadavg() as [number, number, number];
  const first = await ask(asked);
  const told = first.type === 'too-long' ? await ask({ ...asked, only: first.only }) : first;
  if (told.type !== 'row') throw new Error(`${recipe}, ${stage}: no row`);
  const { others, ...row } = told.row;
  const whole = first.type === 'too-long' ? first.whole : { expectedWhole: row.expected };
  return {
    recipe,
    stage,
    ...row,
    ...whole,
    machine: {
      cpu: cpus()[0]!.model,
      cores: availableParallelism(),
      threads: availableParallelism(),
      memory: totalmem(),
      load,
      others,
    },
    date: new Date().toISOString(),
    command,
  };
}

/** A row with what is expected now of the run that it is of. */
async function expectedAgain(row: Row): Promise<Row> {
  const { recipe, stage, images, timedImages, timedPieces, expected, expectedWhole } = row;
  if (expected === undefined) return row;
  const only = { pieces: timedPieces, size: timedImages / timedPieces, images };
  const told = await ask({ recipe, stage, limit, only, expectation: true });
  if (told.type !== 'expected') throw new Error(`${recipe}, ${stage}: nothing was expected`);
  // Whole updates differ by the images that wait for their step.
  const apart = told.bytes - expected;
  return { ...row, expected: told.bytes, expectedWhole: expectedWhole! + apart };
}

/** Writes rows, a line each, so that differences between versions can be read. */
const writeRows = (rows: readonly Row[]) =>
  writeAtomic(path, `[\n${rows.map((row) => ` ${JSON.stringify(row)}`).join(',\n')}\n]\n`);

const [START, END] = ['<!-- fullsize: npm run fullsize -->\n', '<!-- end of fullsize -->'];

/** Puts the tables into the page. */
async function writeTables(planned: readonly Planned[], rows: readonly Row[]): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(START) as [string, string];
  const [, after] = rest.split(END) as [string, string];
  const parts = [ratioText(rows), stageTable(rows), recipeTable(planned, rows)];
  await writeAtomic(page, `${before}${START}\n${parts.join('\n\n')}\n\n${END}${after}`);
  // Columns of one width, as all pages have them.
  execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', page], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

const planned = await Promise.all(
  RECIPES.map(async (recipe) => ({ recipe, stages: stagesOf(await loadRecipe(recipe)) })),
);
const order = planned.flatMap(({ recipe, stages }) => stages.map((stage) => ({ recipe, stage })));
const rows: Row[] = existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : [];
const rowOf = ({ recipe, stage }: { recipe: string; stage: string }) =>
  rows.find((row) => row.recipe === recipe && row.stage === stage);
const inOrder = () => order.flatMap((asked) => rowOf(asked) ?? []);
const chosen = positionals.length > 0 ? positionals : RECIPES;
for (const asked of values.table ? [] : order) {
  const isChosen = (chosen as readonly string[]).includes(asked.recipe);
  const { stage = asked.stage } = values;
  const known = rowOf(asked);
  if (!isChosen || asked.stage !== stage || values.expected !== (known !== undefined)) continue;
  try {
    if (known) rows[rows.indexOf(known)] = await expectedAgain(known);
    else rows.push(await measured(asked.recipe, asked.stage));
    await writeRows(inOrder());
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
await writeTables(planned, inOrder());
