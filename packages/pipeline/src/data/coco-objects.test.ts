import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { temporaryFolder, tinyModel, writeGrey } from '../testing/tiny.ts';
import { cocoObjects } from './coco-objects.ts';

type Fields = Parameters<typeof cocoObjects.read>[0];
const part = (name: string) => ({ images: 'images', annotations: `${name}.json` });
const fields: Fields = {
  train: part('train'),
  test: part('test'),
  masks: true,
  augment: [],
  invalid: 'error',
};

const read = async (root: string, more: Partial<Fields> = {}, on = (_: PipelineEvent) => {}) =>
  cocoObjects.read(
    { ...fields, ...more },
    { root, model: await tinyModel(), normalization: { mean: [0], std: [1] }, on },
  );

const square = {
  id: 1,
  image_id: 7,
  category_id: 3,
  bbox: [1, 2, 4, 4],
  area: 16,
  iscrowd: 0,
  segmentation: [[1, 2, 5, 2, 5, 6, 1, 6]],
};
const truth = {
  images: [{ id: 7, height: 8, width: 8, file_name: 'a.png' }],
  categories: [
    { id: 3, name: 'cell' },
    { id: 9, name: 'debris' },
  ],
  annotations: [square],
};

/** An image of 8 px with annotations for both splits. */
async function write(root: string, test: object = truth, train: object = truth): Promise<void> {
  await mkdir(`${root}/images`, { recursive: true });
  await writeGrey(`${root}/images/a.png`, 100);
  await writeFile(`${root}/train.json`, JSON.stringify(train));
  await writeFile(`${root}/test.json`, JSON.stringify(test));
}

test('objects have the place of their category in the list as label', async () => {
  await using folder = await temporaryFolder();
  const second = { ...square, id: 2, category_id: 9, bbox: [0, 0, 2, 3] };
  await write(folder.root, { ...truth, annotations: [square, second] });
  const { train, test } = await read(folder.root);
  expect(train.classes).toEqual(['cell', 'debris']);
  const objects = test.source.instances(0);
  expect(objects.map(({ label, box }) => [label, box])).toEqual([
    [0, [1, 2, 5, 6]],
    [1, [0, 0, 2, 3]],
  ]);
});

test('masks are read where they are wanted', async () => {
  await using folder = await temporaryFolder();
  await write(folder.root);
  expect((await read(folder.root)).train.source.instances(0)[0]!.mask).toBeDefined();
  const { train } = await read(folder.root, { masks: false });
  expect(train.source.instances(0)[0]!.mask).toBeUndefined();
});

test('the size outside training is the one of `testFraming`', async () => {
  await using folder = await temporaryFolder();
  await write(folder.root);
  const testFraming = { shortSide: { short: 4, long: 8 } };
  const { train, test } = await read(folder.root, { testFraming });
  expect(test.input!.resize).toEqual({ shortest_edge: 4, longest_edge: 8 });
  expect(train.input!.resize).toBeUndefined();
});

test('DATASET_CLASSES where both files have other categories, or another order', async () => {
  await using folder = await temporaryFolder();
  await write(folder.root, { ...truth, categories: truth.categories.toReversed() });
  await expect(read(folder.root)).rejects.toMatchObject({ code: 'DATASET_CLASSES' });
});

test('an empty box is an error, or left out and told with its file', async () => {
  await using folder = await temporaryFolder();
  const empty = { ...square, id: 2, bbox: [1, 1, 0, 2] };
  await write(folder.root, { ...truth, annotations: [square, empty] });
  await expect(read(folder.root)).rejects.toMatchObject({ code: 'COCO_BOX' });
  const events: PipelineEvent[] = [];
  const { test } = await read(folder.root, { invalid: 'skip' }, (event) => events.push(event));
  expect(test.source.instances(0)).toHaveLength(1);
  const where = 'images, test.json';
  expect(events).toEqual([{ type: 'skipped', where, entries: { COCO_BOX: 1 } }]);
});

test('COCO_READ where there is no file', async () => {
  await using folder = await temporaryFolder();
  await expect(read(folder.root)).rejects.toMatchObject({ code: 'COCO_READ' });
});
