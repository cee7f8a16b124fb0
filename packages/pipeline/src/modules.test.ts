import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { models } from '@kcr/backbones';
import { KcrError } from '@kcr/core';
import { magnitude } from '@kcr/criteria';
import { randomErasing } from '@kcr/data';
import { heads } from '@kcr/detect';
import { adapters } from '@kcr/masks';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  findAdapter,
  findArchitecture,
  findEntry,
  findHead,
  importExport,
  loadNamed,
  loadPart,
  partMaker,
  tableOf,
} from './modules.ts';
import { temporaryFolder } from './testing/tiny.ts';

/** A module in a file, by the path that a recipe would write. */
async function withModule<T>(text: string, run: (module: string) => Promise<T>): Promise<T> {
  await using folder = await temporaryFolder();
  await writeFile(folder.at('own.mjs'), text);
  const path = relative('.', folder.at('own.mjs'));
  return await run(path.startsWith('.') ? path : `./${path}`);
}

describe('what MODULE#EXPORT names', () => {
  test('of a package that comes along, of a file and of an installed package', async () => {
    expect(await importExport('@kcr/criteria#magnitude')).toBe(magnitude);
    await withModule('export const answer = 42;', async (module) => {
      expect(await importExport(`${module}#answer`)).toBe(42);
    });
    // The copy that Node imports, which is not the one that it requires.
    expect((await importExport('zod#z')) === z).toBe(true);
  });

  test('every package of ours that this one needs comes along: no second copy of core is loaded', async () => {
    const { dependencies } = JSON.parse(await readFile('packages/pipeline/package.json', 'utf8'));
    const own = Object.keys(dependencies).filter((name) => name.startsWith('@kcr/'));
    for (const name of own) {
      const refused: KcrError = await importExport(`${name}#nothing`).then(
        () => expect.unreachable(),
        (error) => error,
      );
      const sources = await import(`../../${name.slice('@kcr/'.length)}/src/index.ts`);
      expect(refused.fix).toBe(`It exports ${Object.keys(sources).join(', ')}`);
    }
    expect(await importExport('@kcr/core#KcrError')).toBe(KcrError);
    expect(await importExport('@kcr/data#randomErasing')).toBe(randomErasing);
  });

  test('a hash in a folder is a part of the path: the last one counts', async () => {
    await expect(importExport('./a#b/c.mjs#d')).rejects.toMatchObject({
      code: 'MODULE_LOAD',
      where: 'module "./a#b/c.mjs"',
    });
  });

  test.each([
    ['a package that is not there', '@nobody/nothing#x', 'MODULE_LOAD', 'npm install'],
    ['a file that is not there', './nothing.mjs#x', 'MODULE_LOAD', 'correct its name'],
    ['an export that is not there', '@kcr/masks#mask', 'PLUGIN_UNKNOWN', 'gumbelMasks'],
  ])('%s is an error that says what to do', async (_, use, code, fix) => {
    await expect(importExport(use)).rejects.toMatchObject({
      code,
      fix: expect.stringContaining(fix),
    });
  });

  test('an error within a module is named by its first line', async () => {
    await withModule("throw new Error('first\\nsecond');", async (module) => {
      await expect(importExport(`${module}#x`)).rejects.toMatchObject({
        code: 'MODULE_LOAD',
        found: 'first',
        cause: expect.objectContaining({ message: 'first\nsecond' }),
      });
    });
  });
});

describe('parts', () => {
  const text = `
    export const pair = (options) => ({ made: options });
    export const table = { a: 1 };
  `;

  test('are made from their options', async () => {
    await withModule(text, async (module) => {
      const options = { x: [1, 2] };
      expect(await loadPart({ use: `${module}#pair`, options })).toEqual({ made: options });
      const make = await partMaker<{ made: object }>(`${module}#pair`);
      expect(make({ y: 3 })).toEqual({ made: { y: 3 } });
    });
  });

  test('are functions', async () => {
    await withModule(text, async (module) => {
      await expect(partMaker(`${module}#table`)).rejects.toMatchObject({
        code: 'PLUGIN_UNKNOWN',
        found: 'object instead of a function',
      });
    });
  });

  test('may have short names', async () => {
    const table = { one: () => 1, two: () => 2 };
    expect(await loadNamed('two', table)).toBe(2);
    await withModule('export const three = ({ n }) => n;', async (module) => {
      expect(await loadNamed({ use: `${module}#three`, options: { n: 3 } }, table)).toBe(3);
    });
  });
});

describe('tables that modules export', () => {
  test('are found by module and name', async () => {
    expect(await findHead('@kcr/detect', 'mask_rcnn')).toBe(heads.mask_rcnn);
    expect(await findAdapter('@kcr/masks', 'qkMask')).toBe(adapters.qkMask);
    const { architecture } = models.swin_tiny_patch4_window7_224!;
    expect(await findArchitecture('@kcr/backbones', architecture.name)).toBe(architecture);
    expect(await findEntry('@kcr/backbones', 'mobilevit_s')).toBe(models.mobilevit_s);
  });

  test('that are not there have no entries', async () => {
    expect(await tableOf('@kcr/masks', 'heads')).toEqual({});
  });

  test.each([
    ['ARCHITECTURE_UNKNOWN', () => findArchitecture('@kcr/backbones', 'resnet')],
    ['HEAD_UNKNOWN', () => findHead('@kcr/masks', 'mask_rcnn')],
    ['ADAPTER_UNKNOWN', () => findAdapter('@kcr/masks', 'nothing')],
    ['MODEL_UNKNOWN', () => findEntry('@kcr/backbones', 'toString')],
  ])('%s for an entry that is not there', async (code, find) => {
    await expect(find()).rejects.toMatchObject({ code });
  });

  test('an error lists what there is', async () => {
    await expect(findHead('@kcr/masks', 'x')).rejects.toMatchObject({ found: 'it has none' });
    await expect(findHead('@kcr/detect', 'x')).rejects.toMatchObject({
      where: '@kcr/detect, "x" in its export `heads`',
      found: `it has ${Object.keys(heads).join(', ')}`,
    });
  });
});
