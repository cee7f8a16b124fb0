import { readdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/tiny.ts';
import { requireWritable, requireWritableFile } from './writable.ts';

test('a folder is made, and nothing is left in it', async () => {
  await using folder = await temporaryFolder();
  await requireWritable(folder.at('a', 'b'));
  await requireWritable(folder.at('a', 'b'));
  await requireWritableFile(folder.at('c', 'file'));
  expect((await readdir(folder.root, { recursive: true })).sort()).toEqual(['a', 'a/b', 'c']);
});

test('OUT_WRITE: a file where the folder should be, or on the way to it', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.at('file'), 'kept');
  for (const where of [folder.at('file'), folder.at('file', 'below')])
    await expect(requireWritable(where)).rejects.toMatchObject({ code: 'OUT_WRITE', where });
});

test('OUT_WRITE: a folder where the file should be', async () => {
  await using folder = await temporaryFolder();
  await expect(requireWritableFile(folder.root)).rejects.toMatchObject({
    code: 'OUT_WRITE',
    where: folder.root,
  });
});

// For everyone, the superuser too, this cannot be written to.
test.skipIf(process.platform !== 'linux')('OUT_WRITE: where nothing can be written', async () => {
  await expect(requireWritable('/proc/kcr')).rejects.toMatchObject({
    code: 'OUT_WRITE',
    where: '/proc/kcr',
  });
});
