import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, writeClassFolders } from '../testing.ts';

test('a recipe is written beside what was found, and over nothing', async () => {
  await using folder = await temporaryFolder();
  await writeClassFolders(folder.at('photos'));
  const args = ['init', folder.at('photos'), '--goal', '2.5x', '--out', folder.at('photos.mjs')];
  const { out, code } = await kcr(...args, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ classes: ['dark', 'light'], train: 4, perClass: [2, 2] });
  const text = await readFile(folder.at('photos.mjs'), 'utf8');
  expect(text).toContain('budget: 0.4');
  const again = await kcr(...args);
  expect(again.err).toContain('OUT_EXISTS');
  expect(await readFile(folder.at('photos.mjs'), 'utf8')).toBe(text);
});

test('a goal that is none', async () => {
  expect((await kcr('init', 'd', '--goal', '1x')).err).toContain('fewer MACs');
});
