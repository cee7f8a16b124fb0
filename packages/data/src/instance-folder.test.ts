import { mkdir, writeFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { decodeRuns } from './coco/rle-text.ts';
import { instanceFolder } from './instance-folder.ts';
import { counted, temporaryFolder } from './testing.ts';

const at = temporaryFolder();
const size = { height: 3, width: 4 };
/** Objects 300, 9 (in two pieces) and none. */
const maps = {
  a: [0, 300, 300, 9, 0, 300, 0, 0, 9, 0, 0, 0],
  b: Array<number>(12).fill(0),
};

beforeAll(async () => {
  for (const folder of ['images', 'labels']) await mkdir(at(folder));
  for (const [name, map] of Object.entries(maps)) {
    await sharp(counted(3, 4, 3).data, { raw: { ...size, channels: 3 } })
      .png()
      .toFile(at('images', `${name}.png`));
    const png = encode({ ...size, channels: 1, depth: 16, data: Uint16Array.from(map) });
    await writeFile(at('labels', `${name}.png`), png);
  }
});

test('each number is an object, in their order; an image may have none', async () => {
  const source = await instanceFolder(at());
  expect(source).toMatchObject({ classes: ['object'], channels: 3, masks: true, skipped: {} });
  expect(source.instances(0)).toEqual([
    { label: 0, box: [0, 0, 4, 3], crowd: false, mask: { ...size, runs: [2, 1, 6, 1, 2] } },
    { label: 0, box: [1, 0, 3, 2], crowd: false, mask: { ...size, runs: [3, 2, 1, 1, 5] } },
  ]);
  expect(source.instances(1)).toEqual([]);
  expect(await source.pixels(1)).toEqual(counted(3, 4, 3));
});

test("the same in COCO's format", async () => {
  const { truth } = await instanceFolder(at(), { className: 'cell' });
  expect(truth.categories).toEqual([{ id: 1, name: 'cell' }]);
  expect(truth.images.map(({ id, height, width }) => [id, height, width])).toEqual([
    [1, 3, 4],
    [2, 3, 4],
  ]);
  expect(
    truth.annotations.map(({ id, image_id, area, bbox }) => [id, image_id, area, bbox]),
  ).toEqual([
    [1, 1, 2, [0, 0, 4, 3]],
    [2, 1, 3, [1, 0, 2, 2]],
  ]);
  const { segmentation } = truth.annotations[1]!;
  expect(segmentation).toMatchObject({ size: [3, 4] });
  expect(decodeRuns((segmentation as { counts: string }).counts)).toEqual([3, 2, 1, 1, 5]);
});

test('labels that are no label map: LABEL_MAP_READ at once', async () => {
  await expect(instanceFolder(at(), { labels: 'images' })).rejects.toThrow(
    expect.objectContaining({ code: 'LABEL_MAP_READ' }),
  );
});
