import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

test('a table of files, or JSON', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const options = ['--data', folder.at('data'), '--precision', 'fp32', 'fp16', '--runs', '2'];
  const table = await kcr('compare', folder.at('model'), ...options);
  expect([table.err, table.code]).toEqual(['compare: 2 of 2 files\n', 0]);
  expect(table.out).toMatch(
    /checkpoint +numbers +top-1 .*points to the first +size +ms +images\/s +times as fast/,
  );
  expect(table.out).toMatch(/ fp16 .* \+0\.00 \[-\d+\.\d+, \+\d+\.\d+\] /);
  const { out } = await kcr('compare', folder.at('model'), ...options, '--json');
  const { files, n } = JSON.parse(out);
  expect(n).toBe(4);
  expect(files.map(({ precision }: { precision: string }) => precision)).toEqual(['fp32', 'fp16']);
});
