import { mkdir, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { pairFolders } from './paired-folders.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();

/** An image, black, or in a folder of labels a map of one channel. */
const write = async (height: number, width: number, folder: string, name: string) => {
  const channels = folder === 'images' || folder === 'more' ? 3 : 1;
  const raw = { height, width, channels } as const;
  const image = sharp(new Uint8Array(channels * height * width), { raw });
  await image.toColourspace(channels === 1 ? 'b-w' : 'srgb').toFile(at(folder, name));
};

beforeAll(async () => {
  for (const folder of ['images', 'more', 'labels', 'few', 'none']) await mkdir(at(folder));
  await write(4, 6, 'images', 'b.png');
  await write(3, 5, 'images', 'a.jpg');
  await writeFile(at('images', 'notes.txt'), '');
  for (const folder of ['labels', 'few']) await write(3, 5, folder, 'a.png');
  await write(4, 6, 'labels', 'b.png');
  await write(4, 6, 'labels', 'c.png');
  for (const name of ['a.png', 'd.png']) await write(3, 5, 'more', name);
  // Of another size than its image.
  await write(6, 4, 'few', 'b.png');
});

test('images and labels of one name, sorted, with their sizes', async () => {
  expect(await pairFolders(at('images'), at('labels'))).toEqual({
    pairs: [
      { name: 'a', image: at('images/a.jpg'), labels: at('labels/a.png'), height: 3, width: 5 },
      { name: 'b', image: at('images/b.png'), labels: at('labels/b.png'), height: 4, width: 6 },
    ],
    skipped: {},
  });
});

test.each([
  ['another size', 'images', 'few', 'LABEL_MAP_SIZE', () => at('few/b.png')],
  ['no labels', 'more', 'labels', 'LABEL_MAP_MISSING', () => at('more/d.png')],
])('%s: an error, or left out and counted', async (_, images, labels, code, where) => {
  await expect(pairFolders(at(images), at(labels))).rejects.toThrow(
    expect.objectContaining({ code, where: where() }),
  );
  const { pairs, skipped } = await pairFolders(at(images), at(labels), 'skip');
  expect(skipped).toEqual({ [code]: 1 });
  expect(pairs[0]!.name).toBe('a');
});

test('images and label maps that cannot be read may be left out and counted', async () => {
  for (const folder of ['cut', 'maps']) await mkdir(at(folder));
  const [image, map] = [await readFile(at('images/b.png')), await readFile(at('labels/b.png'))];
  const half = (file: Buffer) => file.subarray(0, file.length / 2);
  for (const [name, own, labels] of [
    ['cut-image', half(image), map],
    ['cut-map', image, half(map)],
    ['whole', image, map],
  ] as const) {
    await writeFile(at('cut', `${name}.png`), own);
    await writeFile(at('maps', `${name}.png`), labels);
  }
  const { pairs, skipped } = await pairFolders(at('cut'), at('maps'), 'skip');
  expect(pairs.map(({ name }) => name)).toEqual(['whole']);
  expect(skipped).toEqual({ IMAGE_READ: 1, LABEL_MAP_READ: 1 });
});

test('both sizes are said as width x height', async () => {
  await expect(pairFolders(at('images'), at('few'))).rejects.toThrow(
    /4 x 6 pixels for an image of 6 x 4/,
  );
});

test('no folder, and no pair at all', async () => {
  for (const [images, labels, missing] of [
    ['nowhere', 'labels', 'nowhere'],
    ['images', 'nowhere', 'nowhere'],
  ] as const)
    await expect(pairFolders(at(images), at(labels))).rejects.toThrow(
      expect.objectContaining({ code: 'FOLDER_READ', where: at(missing) }),
    );
  for (const [images, labels] of [
    ['none', 'labels'],
    ['images', 'none'],
  ] as const)
    await expect(pairFolders(at(images), at(labels), 'skip')).rejects.toThrow(
      expect.objectContaining({ code: 'FOLDER_EMPTY', where: at(images) }),
    );
});

test('two images of one name: an error, or one is left out; of labels the PNG is taken', async () => {
  for (const folder of ['twice', 'both']) await mkdir(at(folder));
  for (const name of ['a.png', 'a.jpg']) {
    await write(3, 5, 'twice', name);
    await write(3, 5, 'both', name);
  }
  await expect(pairFolders(at('twice'), at('both'))).rejects.toThrow(
    expect.objectContaining({ code: 'FOLDER_DUPLICATE', where: at('twice/a.png') }),
  );
  const { pairs, skipped } = await pairFolders(at('twice'), at('both'), 'skip');
  expect(skipped).toEqual({ FOLDER_DUPLICATE: 1 });
  expect(pairs.map(({ labels }) => labels)).toEqual([at('both/a.png')]);
});

test('an image that cannot be read: IMAGE_READ, or left out and counted', async () => {
  await mkdir(at('damaged'));
  await write(3, 5, 'damaged', 'a.png');
  await writeFile(at('damaged', 'b.jpg'), 'no image');
  await expect(pairFolders(at('damaged'), at('labels'))).rejects.toThrow(
    expect.objectContaining({ code: 'IMAGE_READ', where: at('damaged/b.jpg') }),
  );
  const { pairs, skipped } = await pairFolders(at('damaged'), at('labels'), 'skip');
  expect([pairs.length, skipped]).toEqual([1, { IMAGE_READ: 1 }]);
});
