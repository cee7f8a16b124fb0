import { expect, test } from 'vitest';
import type { Row } from './row.ts';
import { daysOf, ratioText, recipeTable, stageTable } from './tables.ts';

const GIB = 2 ** 30;

const row: Row = {
  recipe: 'small',
  stage: 'search',
  images: 512,
  pieces: 16,
  timedImages: 64,
  timedPieces: 2,
  expected: 4.4 * GIB,
  expectedWhole: 4.6 * GIB,
  peak: 4 * GIB,
  before: GIB / 8,
  room: 5 * GIB,
  compile: 12.4,
  parts: {
    weights: { first: 1, second: 0.5, update: 1, images: 172_800 },
    architecture: { first: 2, second: 0.25, update: 0, images: 86_400 },
  },
  machine: { cpu: 'x', cores: 2, threads: 2, memory: 16 * GIB, load: 3, others: 0.4 },
  date: '2026-01-01T00:00:00.000Z',
  command: 'npm run fullsize',
};

test('days are seconds an image of the second update times all images of the stage', () =>
  expect(daysOf(row)).toBeCloseTo(1.25, 12));

test('a stage is a row that says what was timed of it, and that others were there', () =>
  expect(stageTable([row]).split('\n')[2]).toBe(
    '| `small` | search | 512 | 16 | 4.40 | 4.00 | 1.10 | 12 | 1.00 weights; 2.00 architecture | 0.500 weights; 0.250 architecture | 1.25 | from 2 of 16 pieces; not idle: others had 40 % of the cores |',
  ));

test('pruning has no expected memory', () => {
  const { expected: _, ...scores } = { ...row, stage: 'pruned', timedPieces: 16 } as const;
  expect(stageTable([scores]).split('\n')[2]).toContain('| 16 |  | 4.00 |  |');
  expect(ratioText([scores])).toBe('');
});

test('a recipe has days when all its stages were measured', () => {
  const table = recipeTable(
    [
      { recipe: 'small', stages: ['search'] },
      { recipe: 'other', stages: ['dense', 'compact'] },
    ],
    [row, { ...row, recipe: 'other', stage: 'dense' }],
  );
  expect(table.split('\n').slice(2)).toEqual([
    '| `small` | 1.25 | not measured | not measured | not measured |',
    '| `other` | missing: compact | not measured | not measured | not measured |',
  ]);
});

test('the worst ratio is the one that is farthest from 1, on either side', () =>
  expect(
    ratioText([row, { ...row, stage: 'dense', expected: 3 * GIB }, { ...row, expected: 4 * GIB }]),
  ).toBe(
    'Expected over measured memory: mean 0.95 of 3 rows, 2 of them within 15 %; worst 0.75 (`small`, dense).',
  ));
