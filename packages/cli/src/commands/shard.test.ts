import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

test('a model evaluates the same on class folders, on the tar files of them, and on one of these', async () => {
  await using folder = await temporaryFolder();
  await writeClassFolders(folder.at('data'));
  await tinyCheckpoint(folder.at('model'));
  const run = ['--out', folder.at('shards'), '--size', '1', '--json'];
  const written = await kcr('shard', folder.at('data'), ...run);
  const result = JSON.parse(written.out);
  expect(result).toMatchObject({ folder: folder.at('shards'), classes: 2 });
  expect(written.err).toContain(`shard: ${result.images} of ${result.images} images`);
  expect(result.shards).toBe(result.images);
  expect(await readdir(folder.at('shards'))).toContain('classes.json');
  const numbers = async (data: string) => {
    const options = ['--data', folder.at(data), '--engine', 'eager', '--json'];
    return JSON.parse((await kcr('eval', folder.at('model'), ...options)).out);
  };
  expect(await numbers('shards')).toEqual(await numbers('data'));
  const again = await kcr('shard', folder.at('data'), ...run);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('OUT_EXISTS')]);
});
