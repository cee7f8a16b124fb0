import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPlugin } from './create-plugin.ts';
import { kindNames } from './kinds.ts';

const root = resolve(import.meta.dirname, '../../..');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-create-'));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (...parts: string[]) => join(folder, ...parts);

describe.each(kindNames)('%s', (kind) => {
  const name = `@me/kcr-own-${kind}`;

  test('a package is written, and nothing in it is called as in the template', async () => {
    const { files, source } = await createPlugin({ kind, name, dir: at(kind) });
    expect(source).toBe(`src/own-${kind}.ts`);
    expect(files).toEqual([
      '.github/workflows/ci.yml',
      '.gitignore',
      'LICENSE',
      'README.md',
      'package.json',
      'recipe.ts',
      'src/index.ts',
      `src/own-${kind}.test.ts`,
      source,
      'tsconfig.json',
      'vitest.config.ts',
    ]);
    const texts = await Promise.all(files.map((file) => readFile(at(kind, file), 'utf8')));
    expect(texts.join('').match(/template.?(name|package)|undefined/gi)).toBeNull();
    const readme = await readFile(at(kind, 'README.md'), 'utf8');
    expect(readme).toContain(`npm install ${name} @kcr/core`);
    expect(readme).toContain(await readFile(at(kind, 'recipe.ts'), 'utf8'));
  });

  test('it asks for what its sources import, in the ranges that it was tested with', async () => {
    const manifest = JSON.parse(await readFile(at(kind, 'package.json'), 'utf8'));
    const { peerDependencies, dependencies = {}, devDependencies } = manifest;
    expect(manifest).toMatchObject({ name, type: 'module', version: '0.1.0' });
    const tested = JSON.parse(
      await readFile(join(root, 'packages/create-plugin/package.json'), 'utf8'),
    );
    for (const [dependency, range] of Object.entries({ ...dependencies, ...devDependencies }))
      expect([dependency, range]).toEqual([dependency, tested.devDependencies[dependency]]);
    const imports = async (...paths: string[]) => {
      const text = await readFile(at(kind, ...paths), 'utf8');
      return [...text.matchAll(/from '([^.'][^']*)'/g)].map(([, module]) => module!);
    };
    const needed = new Set(await imports('src', `own-${kind}.ts`));
    expect(new Set(Object.keys({ ...peerDependencies, ...dependencies }))).toEqual(needed);
    const used = [
      ...(await imports('src', `own-${kind}.test.ts`)),
      ...(await imports('recipe.ts')),
    ];
    expect(Object.keys(devDependencies)).toEqual(expect.arrayContaining(used));
  });
});

test.each([
  ['Centre', 'small letters'],
  ['centre_loss', 'small letters'],
  ['../centre', 'small letters'],
  ['@me/class', 'a word of JavaScript'],
  ['kcr-tf', 'for something else'],
  ['define-plugin', 'for something else'],
  ['options', 'for something else'],
])('%s is no name', async (name, fix) => {
  const made = createPlugin({ kind: 'plugin', name, dir: at('never') });
  await expect(made).rejects.toMatchObject({ code: 'OPTION', fix: expect.stringContaining(fix) });
  await expect(readdir(at('never'))).rejects.toThrow('ENOENT');
});

test('a folder with files is left as it is', async () => {
  await mkdir(at('full'));
  await writeFile(at('full', 'notes.txt'), 'mine');
  const made = createPlugin({ kind: 'plugin', name: 'centre-loss', dir: at('full') });
  await expect(made).rejects.toMatchObject({ code: 'OUT_EXISTS', found: 'notes.txt' });
  expect(await readdir(at('full'))).toEqual(['notes.txt']);
});

test('a kind that is none', async () => {
  const made = createPlugin({ kind: 'optimizer' as never, name: 'centre-loss', dir: at('never') });
  await expect(made).rejects.toMatchObject({
    code: 'OPTION',
    fix: expect.stringContaining('mask'),
  });
});
