import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/tiny.ts';
import { readSelection } from './read-selection.ts';

test('a selection is what a search has kept', async () => {
  await using folder = await temporaryFolder();
  const kept = { 'blocks.0.mlp.io': [0, 2, 5], constructor: [] };
  await writeFile(folder.at('x.json'), JSON.stringify({ model: { name: 'vit' }, kept }));
  expect(await readSelection(folder.at('x.json'))).toEqual(kept);
});

test.each<[string, RegExp]>([
  ['{"kept":{"a":[0,"1"],"b":{"length":1}}}', /^kept\.a\.1: .*; kept\.b: /],
  ['{"kept":{"a":[1,1]}}', /^kept\.a: /],
  ['{"kept":{"a":[-1]}}', /^kept\.a\.0: /],
  ['{"kept":[[0]]}', /^kept: /],
  ['{"kept":{"__proto__":[0]}}', /__proto__/],
  ['{}', /^kept: /],
  ['null', /^file: /],
  ['{"kept":', /./],
])('%s is none', async (text, found) => {
  await using folder = await temporaryFolder();
  const path = folder.at('x.json');
  await writeFile(path, text);
  await expect(readSelection(path)).rejects.toMatchObject({
    code: 'SELECTION_READ',
    where: path,
    found: expect.stringMatching(found),
  });
});

test('nor is a file that is not there', async () => {
  await expect(readSelection('nowhere.json')).rejects.toMatchObject({ code: 'SELECTION_READ' });
});
