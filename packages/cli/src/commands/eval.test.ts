import { readSafetensors } from '@kcr/core';
import { evaluate } from '@kcr/pipeline';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

test('prints what the pipeline measures, and stores the logits', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const [model, data, logits] = [folder.at('model'), folder.at('data'), folder.at('logits')];
  const options = ['--data', data, '--batch-size', '2', '--crop-ratio', '0.5', '--logits', logits];
  const { out, err, code } = await kcr('eval', model, ...options, '--json');
  expect([err, code]).toEqual(['', 0]);
  expect(JSON.parse(out)).toEqual(await evaluate(model, { data, batchSize: 2, cropRatio: 0.5 }));
  expect((await readSafetensors(logits)).tensors.logits!.shape).toEqual([4, 2]);
  const { out: text } = await kcr('eval', model, '--data', data);
  expect(text).toMatch(/^n +4\n/);
});

test.each([
  ['OPTION', ['--detections', 'x.json']],
  ['OPTION', ['--flip']],
  ['FOLDER_READ', ['--data', 'nowhere']],
])('%s for %j', async (said, options) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const given = ['--data', folder.at('data'), ...options];
  const { err, out, code } = await kcr('eval', folder.at('model'), ...given);
  expect(err).toContain(`kcr: ${said}\n`);
  expect([out, code]).toEqual(['', 1]);
});
