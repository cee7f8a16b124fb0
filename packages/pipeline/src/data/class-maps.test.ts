import { rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { temporaryFolder, tinyModel, writeLabelledFolders } from '../testing/tiny.ts';
import { classMaps } from './class-maps.ts';

type Fields = Parameters<typeof classMaps.read>[0];
const both = { images: 'images', labels: 'labels' };
const fields: Fields = {
  train: both,
  test: both,
  classes: ['ground', 'tree'],
  augment: [],
  invalid: 'error',
};

const read = async (root: string, more: Partial<Fields> = {}, on = (_: PipelineEvent) => {}) =>
  classMaps.read(
    { ...fields, ...more },
    { root, model: await tinyModel(), normalization: { mean: [0], std: [1] }, on },
  );

/** Eight rows of eight labels: the left half is one, the right half another. */
const halves = (left: number, right: number) =>
  Array.from({ length: 8 }, () => [...Array(4).fill(left), ...Array(4).fill(right)] as number[]);

/** The labels of the first row of the first test image. */
async function firstRow(root: string, more: Partial<Fields> = {}): Promise<number[]> {
  const { labels } = await (await read(root, more)).test.batch(Int32Array.of(0));
  return Array.from(labels!.data.slice(0, 8));
}

describe('labels', () => {
  test('are the classes of the names, and 255 does not count', async () => {
    await using folder = await temporaryFolder();
    await writeLabelledFolders(folder.root, { a: halves(1, 255) });
    const { train } = await read(folder.root);
    expect(train.classes).toEqual(['ground', 'tree']);
    expect(train.shape).toEqual([8, 8, 3]);
    expect(await firstRow(folder.root)).toEqual([1, 1, 1, 1, 255, 255, 255, 255]);
  });

  test.each<[string, Partial<Fields>, number[]]>([
    ['with another one that does not count', { ignore: 1 }, [255, 0]],
    ['from 1 on, with 0 for none', { reduceZeroLabel: true }, [0, 255]],
    ['of objects', { instanceIds: true }, [1, 0]],
  ])('%s', async (_, more, [left, right]) => {
    await using folder = await temporaryFolder();
    await writeLabelledFolders(folder.root, { a: halves(1, 0) });
    expect(await firstRow(folder.root, more)).toEqual([
      ...Array(4).fill(left),
      ...Array(4).fill(right),
    ]);
  });

  test('that are no class are an error when they are read', async () => {
    await using folder = await temporaryFolder();
    await writeLabelledFolders(folder.root, { a: halves(1, 2) });
    await expect(firstRow(folder.root)).rejects.toMatchObject({ code: 'LABEL_MAP_CLASS' });
  });
});

test('test views are those of the recipe', async () => {
  await using folder = await temporaryFolder();
  await writeLabelledFolders(folder.root, { a: halves(0, 1) });
  const testViews = { scales: [0.5, 1], flip: true };
  expect((await read(folder.root, { testViews })).test.testing).toEqual(testViews);
  expect((await read(folder.root)).test.testing).toEqual({});
});

test('an image without labels is an error, or left out and told', async () => {
  await using folder = await temporaryFolder();
  await writeLabelledFolders(folder.root, { a: halves(0, 1), b: halves(0, 1) });
  await rm(folder.at('labels', 'b.png'));
  await expect(read(folder.root)).rejects.toMatchObject({ code: 'LABEL_MAP_MISSING' });
  const events: PipelineEvent[] = [];
  const { train } = await read(folder.root, { invalid: 'skip' }, (event) => events.push(event));
  expect(train.length).toBe(1);
  const skipped = { type: 'skipped', where: 'images, labels', entries: { LABEL_MAP_MISSING: 1 } };
  expect(events).toEqual([skipped, skipped]);
});

test('fields are checked: at least two classes, shares to 1, known views', async () => {
  const { '~standard': standard } = classMaps.schema;
  const right = { train: both, test: both, classes: ['a', 'b'] };
  const issuesOf = async (more: object) =>
    (await standard.validate({ ...right, ...more })).issues?.length ?? 0;
  expect(await issuesOf({ maxClassShare: 0.75, testViews: { fit: 'cover' } })).toBe(0);
  const wrong = [
    { classes: ['a'] },
    { maxClassShare: 2 },
    { testViews: { scales: [] } },
    { train: { images: 'x' } },
  ];
  for (const more of wrong) expect([more, await issuesOf(more)]).toEqual([more, 1]);
});
