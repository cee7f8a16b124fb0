import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemOf } from './ask.ts';

test('what is wrong with a name is said while another one can be given', async () => {
  const root = await mkdtemp(join(tmpdir(), 'kcr-ask-'));
  const dir = join(root, 'taken');
  await mkdir(dir);
  await writeFile(join(dir, 'notes.txt'), '');
  const problem = (name: string, folder = join(root, 'free')) =>
    problemOf({ kind: 'plugin', name, dir: folder });
  expect(problem('centre-loss')).toBeUndefined();
  expect(problem('Centre Loss')).toMatch(/^Give small letters/);
  expect(problem('define-plugin')).toMatch(/its sources have `definePlugin`/);
  expect(problem('centre-loss', dir)).toBe(
    `The folder ${dir} has files (notes.txt): empty it, or start again with another --dir`,
  );
  await rm(root, { recursive: true });
});
