import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { expect, test } from 'vitest';
import { repository } from './examples.ts';

// That types are found as Node and bundlers look for them is seen where the packages are installed: install.check.ts.
test.each(await readdir(join(repository, 'packages')))(
  'package.json of %s says what its files are',
  async (name) => {
    const pkgDir = join(repository, 'packages', name);
    const { messages } = await publint({ pkgDir, strict: true, pack: false });
    const manifest = JSON.parse(await readFile(join(pkgDir, 'package.json'), 'utf8'));
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  },
);
