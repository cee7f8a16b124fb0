import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { idxImages } from './idx-images.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();
const write = async (name: string, bytes: number[]) => {
  await writeFile(at(name), Buffer.from(bytes));
  return at(name);
};
const size = (n: number) => [0, 0, 0, n];
const images = [0, 0, 8, 3, ...size(2), ...size(2), ...size(1), 10, 20, 30, 255];
const labels = [0, 0, 8, 1, ...size(2), 1, 0];

test('images and their labels', async () => {
  const source = await idxImages(await write('images', images), await write('labels', labels));
  expect(source.shape).toEqual([2, 1, 1]);
  expect([...source.labels]).toEqual([1, 0]);
  expect(source.classes).toEqual(['0', '1']);
  expect([...(await source.pixels(1)).data]).toEqual([30, 255]);
});

test.each([
  ['labels in the place of images', labels, labels],
  ['images in the place of labels', images, images],
  ['fewer labels than images', images, [0, 0, 8, 1, ...size(1), 1]],
])('%s: IDX_FORMAT', async (_, first, second) => {
  const paths = [await write('first', first), await write('second', second)] as const;
  await expect(idxImages(...paths)).rejects.toThrow(
    expect.objectContaining({ code: 'IDX_FORMAT', where: paths.join(', ') }),
  );
});

test.each<[string, number[], string]>([
  ['no images', [0, 2, 1], 'DATASET_EMPTY'],
  ['images without rows', [2, 0, 1], 'IDX_FORMAT'],
  ['images without columns', [2, 2, 0], 'IDX_FORMAT'],
])('%s are refused', async (_, shape, code) => {
  const first = await write('first', [0, 0, 8, 3, ...shape.flatMap(size)]);
  const second = await write('second', [
    0,
    0,
    8,
    1,
    ...size(shape[0]!),
    ...Array(shape[0]).fill(0),
  ]);
  await expect(idxImages(first, second)).rejects.toThrow(
    expect.objectContaining({ code, where: first }),
  );
});
