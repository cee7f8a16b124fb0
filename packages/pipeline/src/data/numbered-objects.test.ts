import { expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { temporaryFolder, tinyModel, writeGrey, writeLabelledFolders } from '../testing/tiny.ts';
import { numberedObjects } from './numbered-objects.ts';

type Fields = Parameters<typeof numberedObjects.read>[0];
const both = { images: 'images', labels: 'labels' };
const fields: Fields = { train: both, test: both, augment: [], invalid: 'error' };

const read = async (root: string, more: Partial<Fields> = {}, on = (_: PipelineEvent) => {}) =>
  numberedObjects.read(
    { ...fields, ...more },
    { root, model: await tinyModel(), normalization: { mean: [0], std: [1] }, on },
  );

/** Two objects: 2 x 3 pixels at row 1, column 2, and 1 x 1 at the last place. */
const map = Array.from({ length: 8 }, () => Array<number>(8).fill(0));
for (const y of [1, 2]) for (const x of [2, 3, 4]) map[y]![x] = 5;
map[7]![7] = 9;

test('each number is an object of the one class, with its box and mask', async () => {
  await using folder = await temporaryFolder();
  await writeLabelledFolders(folder.root, { a: map });
  const { train, test } = await read(folder.root, { className: 'nucleus' });
  expect(train.classes).toEqual(['nucleus']);
  expect(test.shape).toEqual([8, 8, 3]);
  const objects = test.source.instances(0);
  expect(objects.map(({ box, label }) => [box, label])).toEqual([
    [[2, 1, 5, 3], 0],
    [[7, 7, 8, 8], 0],
  ]);
});

test('a map of another size than its image is an error, or left out and told', async () => {
  await using folder = await temporaryFolder();
  await writeLabelledFolders(folder.root, { a: map, b: map });
  await writeGrey(folder.at('images', 'b.png'), 100, [8, 9]);
  await expect(read(folder.root)).rejects.toMatchObject({ code: 'LABEL_MAP_SIZE' });
  const events: PipelineEvent[] = [];
  const { test } = await read(folder.root, { invalid: 'skip' }, (event) => events.push(event));
  expect(test.length).toBe(1);
  expect(events).toHaveLength(2);
  expect(events[0]).toMatchObject({ type: 'skipped', entries: { LABEL_MAP_SIZE: 1 } });
});
