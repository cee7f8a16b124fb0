import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

test('prints every part, and writes a page and JSON', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const options = ['--data', folder.at('data'), '--dims', 'hidden', '--out', folder.at('out')];
  const { out, err, code } = await kcr('sensitivity', folder.at('model'), ...options);
  expect(code).toBe(0);
  expect(err).toMatch(/sensitivity: (\d+) of \1 parts\n$/);
  const written = JSON.parse(await readFile(folder.at('out/sensitivity.json'), 'utf8'));
  for (const { name } of written.parts) expect(out).toContain(name);
  expect(await readFile(folder.at('out/sensitivity.html'), 'utf8')).toContain('Sensitivity of vit');
});

test('ONNX_CALIBRATION for int8 without images to find ranges with', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const options = ['--data', folder.at('data'), '--precision', 'int8'];
  const { err, out, code } = await kcr('sensitivity', folder.at('model'), ...options);
  expect([out, code]).toEqual(['', 1]);
  expect(err).toContain('kcr: ONNX_CALIBRATION\n');
});
