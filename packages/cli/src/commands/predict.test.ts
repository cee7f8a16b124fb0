import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

test('each image is a line on standard error, and the predictions are the file', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const [image, out] = [folder.at('data', 'dark', '0.png'), folder.at('out')];
  const options = [image, '--model', folder.at('model'), '--out', out];
  const said = await kcr('predict', ...options, '--json');
  expect(said.err).toBe(`${image}: ${folder.at('out', '0.png')} (1/1)\n`);
  const file = folder.at('out', 'predictions.json');
  expect(JSON.parse(said.out)).toEqual(JSON.parse(await readFile(file, 'utf8')));
  expect((await kcr('predict', ...options)).out).toBe(`images       1\npredictions  ${file}\n`);
});

test('PREDICT_INPUT where there is no image', async () => {
  const { err, code } = await kcr('predict', 'nothing.png', '--model', 'm', '--out', 'o');
  expect(err).toContain('kcr: PREDICT_INPUT\n');
  expect(code).toBe(1);
});
