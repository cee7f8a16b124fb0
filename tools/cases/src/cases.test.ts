import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kcrInProcess } from './in-process.ts';
import { makeFiles } from './make/index.ts';
import { Rows } from './run-row.ts';
import { areas } from './tables/index.ts';

let root: string;
let rows: Rows;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-cases-'));
  const places = { data: resolve(import.meta.dirname, '../data'), made: join(root, 'made') };
  await makeFiles(places);
  rows = new Rows(kcrInProcess, places, join(root, 'rows'));
});
afterAll(() => rm(root, { recursive: true }));

test('no two rows have one name', () => {
  const names = areas.flatMap(({ rows }) => rows.map(({ name }) => name));
  expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
});

describe.each(areas)('$area', ({ rows: table }) => {
  test.each(table)('$name', (row) => rows.run(row), 20_000);
});
