import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { classFolders, listImages } from './class-folders.ts';
import { Refusals } from './invalid.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();
beforeAll(async () => {
  const folders = ['red/deep/er', 'blue', '.ipynb_checkpoints', '__MACOSX', 'empty', 'red/old.jpg'];
  for (const folder of folders) await mkdir(at('set', folder), { recursive: true });
  for (const file of [
    'red/b.PNG',
    'red/a.jpg',
    'red/notes.txt',
    'red/._a.jpg',
    'red/.DS_Store',
    'red/deep/er/d.gif',
    'red/old.jpg/e.tif',
    'blue/c.webp',
    'loose.png',
  ])
    await writeFile(at('set', file), '');
  await symlink('../set/red', at('set', 'linked'));
  // A folder that is in itself.
  await symlink('..', at('set', 'red', 'deep', 'again'));
});

const list = (found: string[], classes = found, policy: 'error' | 'skip' = 'error') => {
  const refusals = new Refusals(policy);
  return listImages(at('set'), found, classes, refusals).then((own) => ({
    ...own,
    skipped: refusals.skipped,
  }));
};

test('folders and links to folders, sorted; no files, nothing hidden', async () => {
  expect(await classFolders(at('set'))).toEqual(['blue', 'empty', 'linked', 'red']);
});

test('sorted as Python sorts: capitals first, by characters, not by their halves', async () => {
  const names = ['a', 'B', 'é', '10', '2', '\u{1F408}', '\uFF21'];
  for (const name of names) await mkdir(at('names', name), { recursive: true });
  expect(await classFolders(at('names'))).toEqual([
    '10',
    '2',
    'B',
    'a',
    'é',
    '\uFF21',
    '\u{1F408}',
  ]);
});

test('images by folder and name, nested ones too, with the places of their folders among the classes', async () => {
  expect(await list(['blue', 'red'], ['red', 'green', 'blue'])).toEqual({
    paths: [
      at('set', 'blue', 'c.webp'),
      at('set', 'red', 'a.jpg'),
      at('set', 'red', 'b.PNG'),
      at('set', 'red', 'deep', 'er', 'd.gif'),
      at('set', 'red', 'old.jpg', 'e.tif'),
    ],
    labels: [2, 0, 0, 0, 0],
    skipped: {},
  });
});

test('a linked class has the images of the folder that it leads to', async () => {
  const { paths } = await list(['linked']);
  expect(paths).toHaveLength(4);
  expect(paths[0]).toBe(at('set', 'linked', 'a.jpg'));
});

test('a class without images, as in torchvision; a link to nothing; a format that is not read', async () => {
  await mkdir(at('set', 'odd'));
  await symlink('/nowhere.png', at('set', 'odd', 'a.png'));
  await writeFile(at('set', 'odd', 'c.png'), '');
  await expect(list(['blue', 'odd'])).rejects.toThrow(
    expect.objectContaining({ code: 'FOLDER_READ', where: at('set', 'odd', 'a.png') }),
  );
  await writeFile(at('set', 'odd', '0.bmp'), '');
  await expect(list(['blue', 'odd'])).rejects.toThrow(
    expect.objectContaining({ code: 'IMAGE_READ', where: at('set', 'odd', '0.bmp') }),
  );
  await expect(list(['blue', 'empty'])).rejects.toThrow(
    expect.objectContaining({ code: 'FOLDER_CLASSES', where: at('set', 'empty') }),
  );
  const { labels, skipped } = await list(['blue', 'empty', 'odd'], undefined, 'skip');
  expect(labels).toEqual([0, 2]);
  expect(skipped).toEqual({ FOLDER_CLASSES: 1, FOLDER_READ: 1, IMAGE_READ: 1 });
});

test('no folder: FOLDER_READ; no image: FOLDER_CLASSES', async () => {
  await expect(classFolders(at('nowhere'))).rejects.toThrow(
    expect.objectContaining({ code: 'FOLDER_READ', where: at('nowhere') }),
  );
  await expect(list(['empty'], undefined, 'skip')).rejects.toThrow(
    expect.objectContaining({ code: 'FOLDER_CLASSES', where: at('set') }),
  );
});
