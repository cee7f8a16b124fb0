import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { kcrOf } from '../../cases/src/built.ts';
import { makeFiles } from '../../cases/src/make/index.ts';
import { Rows } from '../../cases/src/run-row.ts';
import { areas } from '../../cases/src/tables/index.ts';

const repository = resolve(import.meta.dirname, '../../..');

let root: string;
let rows: Rows;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-built-cases-'));
  const places = { data: join(repository, 'tools/cases/data'), made: join(root, 'made') };
  await makeFiles(places);
  rows = new Rows(kcrOf(join(repository, 'packages/cli/dist/bin.js')), places, join(root, 'rows'));
});
afterAll(() => rm(root, { recursive: true }));

/** Every which row is run; all of them are with KCR_CASES=all. */
const EVERY = process.env.KCR_CASES === 'all' ? 1 : 8;

describe.each(areas)('$area', ({ rows: table }) => {
  test.concurrent.each(table.filter((_, i) => i % EVERY === 0))('$name', (row) => rows.run(row));
});
