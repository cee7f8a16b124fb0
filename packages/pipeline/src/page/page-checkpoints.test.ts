import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/tiny.ts';
import { namedCheckpoints } from './page-checkpoints.ts';

test('of a run its dense and its compact model; other places as they are', async () => {
  await using folder = await temporaryFolder();
  for (const name of ['a/dense', 'a/compact', 'a/compactNoTnn', 'b/compact']) {
    await mkdir(folder.at(name), { recursive: true });
    await writeFile(folder.at(name, 'model.json'), '{}');
  }
  expect(namedCheckpoints([folder.at('a')])).toEqual([
    { name: 'dense', path: folder.at('a/dense') },
    { name: 'compact', path: folder.at('a/compact') },
  ]);
  const names = (...places: string[]) => namedCheckpoints(places).map(({ name }) => name);
  expect(names(folder.at('a'), folder.at('b/compact'))).toEqual([
    'dense',
    'a/compact',
    'b/compact',
  ]);
  expect(names('hf://timm/deit', 'nowhere/x')).toEqual(['hf://timm/deit', 'x']);
});
