import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/tiny.ts';
import { writePicture } from './write-picture.ts';

test('a row is a file of its own name, and keeps its title and kind', async () => {
  await using folder = await temporaryFolder();
  const row = { title: 'found: x', name: 'predictions', png: Buffer.from([1, 2, 3]) };
  const picture = await writePicture(folder.root, row, 'predictions-x');
  expect(picture).toEqual({ title: 'found: x', kind: 'predictions', file: 'predictions-x' });
  expect([...(await readFile(folder.at('pictures', 'predictions-x.png')))]).toEqual([1, 2, 3]);
});
