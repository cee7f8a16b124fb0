import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

test('what it writes is what `complexity` and `ib` read', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const file = folder.at('features.safetensors');
  const options = ['--data', folder.at('data'), '--out', file, '--batch-size', '2'];
  const { out, err, code } = await kcr('features', folder.at('model'), ...options, '--json');
  expect([err, code]).toEqual(['features: 4 of 4 images\n', 0]);
  expect(JSON.parse(out)).toEqual({ n: 4, d: 8, inputs: 192, labels: true, file });
  const complexity = await kcr('complexity', file, '--json');
  expect(JSON.parse(complexity.out)).toMatchObject({ n: 4, d: 8, landmarks: 4 });
  const ib = await kcr('ib', file, '--json');
  expect(Object.keys(JSON.parse(ib.out))).toContain('ibb');
});

test.each([
  ['FOLDER_READ', ['--data', 'nowhere']],
  ['OPTION', ['--images', '5']],
  ['OPTION', ['--reduce-zero-label']],
])('%s for %j, and no file', async (said, wrong) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const file = folder.at('features.safetensors');
  const options = ['--data', folder.at('data'), '--out', file, ...wrong];
  const { err, out, code } = await kcr('features', folder.at('model'), ...options);
  expect(err).toContain(`kcr: ${said}\n`);
  expect([out, code]).toEqual(['', 1]);
  expect((await kcr('complexity', file)).err).toContain('kcr: SAFETENSORS_READ\n');
});
