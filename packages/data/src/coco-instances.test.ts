import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { cocoInstances } from './coco-instances.ts';
import { counted, temporaryFolder } from './testing.ts';

const at = temporaryFolder();
const [height, width] = [6, 8];

const square = [2, 1, 6, 1, 6, 4, 2, 4];
const truth = {
  images: [
    { id: 5, height, width, file_name: 'a.png' },
    { id: 3, height, width, file_name: 'b.png' },
  ],
  categories: [
    { id: 7, name: 'cat' },
    { id: 2, name: 'dog' },
  ],
  annotations: [
    {
      id: 1,
      image_id: 5,
      category_id: 2,
      bbox: [2, 1, 4, 3],
      area: 12,
      iscrowd: 0,
      segmentation: [square] as unknown,
    },
    {
      id: 2,
      image_id: 5,
      category_id: 7,
      bbox: [0, 0, 8, 6],
      area: 48,
      iscrowd: 1,
      segmentation: { size: [height, width], counts: [0, 48] },
    },
    {
      id: 3,
      image_id: 3,
      category_id: 7,
      bbox: [2, 1, 4, 3],
      area: 12,
      iscrowd: 0,
      segmentation: [square],
    },
  ],
};
type File = typeof truth;

beforeAll(async () => {
  await mkdir(at('images'));
  const raw = { height, width, channels: 3 as const };
  for (const name of ['a.png', 'b.png'])
    await sharp(counted(height, width, 3).data, { raw }).toFile(at('images', name));
});

let files = 0;
/** A COCO file with something changed. */
async function changed(change: (file: File) => void = () => {}): Promise<string> {
  const file = structuredClone(truth);
  change(file);
  const path = at(`${files++}.json`);
  await writeFile(path, JSON.stringify(file));
  return path;
}

test('images, classes and objects with their masks, crowds among them', async () => {
  const source = await cocoInstances(await changed(), at('images'));
  expect(source).toMatchObject({ classes: ['cat', 'dog'], channels: 3, masks: true, skipped: {} });
  expect(await source.pixels(1)).toEqual(counted(height, width, 3));
  const [own, crowd] = source.instances(0);
  expect(own).toMatchObject({ label: 1, box: [2, 1, 6, 4], crowd: false });
  expect(own!.mask!.runs).toEqual([13, 3, 3, 3, 3, 3, 3, 3, 14]);
  expect(crowd).toMatchObject({ label: 0, box: [0, 0, 8, 6], crowd: true });
  expect(source.truth.annotations).toEqual(truth.annotations);
});

describe('masks are read', () => {
  const without = () =>
    changed((file) => void (file.annotations[2]!.segmentation = undefined as never));

  test('where every annotation has one', async () => {
    const source = await cocoInstances(await without(), at('images'));
    expect(source.masks).toBe(false);
    expect(source.instances(0)[0]!.mask).toBeUndefined();
  });

  test('or as asked for', async () => {
    const none = await cocoInstances(await changed(), at('images'), { masks: false });
    expect([none.masks, none.instances(0)[0]!.mask]).toEqual([false, undefined]);
    await expect(cocoInstances(await without(), at('images'), { masks: true })).rejects.toThrow(
      expect.objectContaining({
        code: 'COCO_SEGMENTATION',
        where: expect.stringContaining('annotations[2].segmentation (id 3)'),
      }),
    );
  });
});

test('boxes may reach over the border by a pixel, by rounding', async () => {
  for (const bbox of [
    [-1, -1, 3, 3],
    [6, 4, 3, 3],
  ]) {
    const path = await changed((file) => void (file.annotations[0]!.bbox = bbox));
    expect((await cocoInstances(path, at('images'))).instances(0)).toHaveLength(2);
  }
});

test('boxes are those of the image as it is shown, turned by EXIF', async () => {
  // 24 x 16 pixels as stored, to be turned clockwise.
  const fixture = new URL('../fixtures/images/exif-6.jpg', import.meta.url);
  await copyFile(fixture, at('images', 'turned.jpg'));
  const annotated = (size: object) =>
    changed((file) => void Object.assign(file.images[1]!, { file_name: 'turned.jpg', ...size }));
  const source = await cocoInstances(await annotated({ height: 24, width: 16 }), at('images'));
  const { shape, data } = await source.pixels(1);
  expect(shape).toEqual([24, 16, 3]);
  // Red grows along both stored axes: from the upper right corner now.
  expect(data[3 * 15]!).toBeLessThan(20);
  expect(data[3 * 16 * 23]!).toBeGreaterThan(150);
  const stored = await cocoInstances(await annotated({ height: 16, width: 24 }), at('images'));
  await expect(stored.pixels(1)).rejects.toMatchObject({
    code: 'COCO_IMAGE_SIZE',
    where: expect.stringMatching(/^turned\.jpg \(image \d+\)$/),
    found: 'a file of 16 x 24 pixels, annotated as 24 x 16',
  });
});

test('images that are damaged, or of another size, may be left out and counted', async () => {
  const whole = await readFile(at('images', 'a.png'));
  await writeFile(at('images', 'cut.png'), whole.subarray(0, whole.length / 2));
  const path = await changed((file) => {
    file.images[0]!.file_name = 'cut.png';
    file.images.push({ id: 9, height, width: 9, file_name: 'a.png' });
  });
  const source = await cocoInstances(path, at('images'), { invalid: 'skip' });
  expect(source.skipped).toEqual({ IMAGE_READ: 1, COCO_IMAGE_SIZE: 1 });
  expect(source.truth.images.map(({ id }) => id)).toEqual([3]);
});

test.each<[string, string, (file: File) => void, number]>([
  [
    'an image that is not there',
    'COCO_IMAGE_FILE',
    (f) => void (f.images[0]!.file_name = 'c.png'),
    1,
  ],
  [
    'an image without a name',
    'COCO_IMAGE_FILE',
    (f) => void (f.images[0]!.file_name = undefined as never),
    1,
  ],
  ['an unknown image', 'COCO_IMAGE', (f) => void (f.annotations[0]!.image_id = 6), 2],
  ['an unknown category', 'COCO_CATEGORY', (f) => void (f.annotations[0]!.category_id = 3), 2],
  ['an empty box', 'COCO_BOX', (f) => void (f.annotations[0]!.bbox = [2, 4, 0, 2]), 2],
  ['a box of three numbers', 'COCO_BOX', (f) => void (f.annotations[0]!.bbox = [2, 4, 1]), 2],
  [
    'a box over the left border',
    'COCO_BOX',
    (f) => void (f.annotations[0]!.bbox = [-1.5, 1, 4, 3]),
    2,
  ],
  [
    'a box over the upper border',
    'COCO_BOX',
    (f) => void (f.annotations[0]!.bbox = [1, -1.5, 4, 3]),
    2,
  ],
  [
    'a box over the right border',
    'COCO_BOX',
    (f) => void (f.annotations[0]!.bbox = [5, 1, 4.5, 3]),
    2,
  ],
  [
    'a box over the lower border',
    'COCO_BOX',
    (f) => void (f.annotations[0]!.bbox = [5, 4, 2, 3.5]),
    2,
  ],
  [
    'runs of another size',
    'RLE_SIZE',
    (f) => void (f.annotations[1]!.segmentation = { size: [8, 6], counts: [0, 48] }),
    2,
  ],
])('%s: %s, or left out and counted', async (_, code, change, left) => {
  const path = await changed(change);
  await expect(cocoInstances(path, at('images'))).rejects.toThrow(
    expect.objectContaining({ code }),
  );
  const source = await cocoInstances(path, at('images'), { invalid: 'skip' });
  expect(source.skipped).toEqual({ [code]: 1 });
  expect(source.truth.annotations).toHaveLength(left);
  const objects = source.truth.images.flatMap((__, i) => source.instances(i));
  expect(objects).toHaveLength(left);
});

test('what is no file of instances is an error even where entries are skipped', async () => {
  const options = { invalid: 'skip' } as const;
  const path = await changed((file) => void ((file as Partial<File>).categories = undefined));
  await expect(cocoInstances(path, at('images'), options)).rejects.toThrow(
    expect.objectContaining({ code: 'COCO_FORMAT' }),
  );
  await expect(cocoInstances(at('none.json'), at('images'), options)).rejects.toThrow(
    expect.objectContaining({ code: 'COCO_READ' }),
  );
});

describe('ids that come twice', () => {
  test('are of one thing where both entries are the same', async () => {
    const path = await changed((file) => {
      file.images.push({ ...file.images[0]! });
      file.categories.push({ ...file.categories[1]! });
    });
    const source = await cocoInstances(path, at('images'));
    expect([source.truth.images.length, source.classes]).toEqual([2, ['cat', 'dog']]);
    expect(source.instances(0)).toHaveLength(2);
  });

  test('or are refused: COCO_ID', async () => {
    const path = await changed((file) => void file.categories.push({ id: 2, name: 'bird' }));
    await expect(cocoInstances(path, at('images'))).rejects.toThrow(
      expect.objectContaining({ code: 'COCO_ID', where: `${path}: categories[2].id (id 2)` }),
    );
    const { classes, skipped } = await cocoInstances(path, at('images'), { invalid: 'skip' });
    expect([classes, skipped]).toEqual([['cat', 'dog'], { COCO_ID: 1 }]);
  });
});

test('a box that is not there is that of the mask, for the evaluation too', async () => {
  const path = await changed((file) => void (file.annotations[0]!.bbox = undefined as never));
  const source = await cocoInstances(path, at('images'));
  expect(source.instances(0)[0]!.box).toEqual([2, 1, 6, 4]);
  expect(source.truth.annotations[0]!.bbox).toEqual([2, 1, 4, 3]);
});

test('an image without a size is left out with all that it has', async () => {
  const path = await changed((file) => void (file.images[0]!.height = undefined as never));
  const source = await cocoInstances(path, at('images'), { invalid: 'skip' });
  expect(source.skipped).toEqual({ COCO_SIZE: 1 });
  expect(source.truth.images.map(({ id }) => id)).toEqual([3]);
});

test('DATASET_EMPTY where no image can be used', async () => {
  await expect(cocoInstances(await changed(), at('none'), { invalid: 'skip' })).rejects.toThrow(
    expect.objectContaining({ code: 'DATASET_EMPTY' }),
  );
});
