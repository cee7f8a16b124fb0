import { mkdir, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { classFolders, listImages } from './class-folders.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();
beforeAll(async () => {
  for (const folder of ['red', 'blue', '.hidden', 'empty'])
    await mkdir(at('set', folder), { recursive: true });
  for (const file of ['red/b.PNG', 'red/a.jpg', 'red/notes.txt', 'blue/c.webp', 'loose.png'])
    await writeFile(at('set', file), '');
});

test('folders, sorted; no files, nothing hidden', async () => {
  expect(await classFolders(at('set'))).toEqual(['blue', 'empty', 'red']);
});

test('images by folder and name, with the places of their folders among the classes', async () => {
  const found = ['blue', 'red'];
  expect(await listImages(at('set'), found, ['red', 'green', 'blue'])).toEqual({
    paths: [at('set', 'blue', 'c.webp'), at('set', 'red', 'a.jpg'), at('set', 'red', 'b.PNG')],
    labels: [2, 0, 0],
  });
});

test('no folder: FOLDER_READ; no image: FOLDER_CLASSES', async () => {
  await expect(classFolders(at('nowhere'))).rejects.toThrow(
    expect.objectContaining({ code: 'FOLDER_READ', where: at('nowhere') }),
  );
  await expect(listImages(at('set'), ['empty'], ['empty'])).rejects.toThrow(
    expect.objectContaining({ code: 'FOLDER_CLASSES', where: at('set') }),
  );
});
