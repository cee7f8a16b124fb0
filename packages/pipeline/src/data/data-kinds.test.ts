import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bright, MODULE } from '../testing/brightness.ts';
import { temporaryFolder } from '../testing/tiny.ts';
import { dataKinds, findDataKind } from './data-kinds.ts';

test('kinds are found by name, others by their module', async () => {
  expect(Object.keys(dataKinds)).toEqual(['classes', 'semantic', 'instances', 'coco']);
  for (const [name, kind] of Object.entries(dataKinds)) {
    expect(kind.name).toBe(name);
    expect(await findDataKind(name)).toBe(kind);
  }
  expect((await findDataKind(`${MODULE}#bright`)).name).toBe(bright.name);
  await expect(findDataKind(`${MODULE}#dark`)).rejects.toMatchObject({ code: 'PLUGIN_UNKNOWN' });
});

test('a kind of another contract, or of none, is refused where it is named', async () => {
  await using folder = await temporaryFolder();
  const path = folder.at('own.mjs');
  await writeFile(path, 'export const own = { schema: {}, read() {} };');
  await expect(findDataKind(`${path}#own`)).rejects.toMatchObject({
    code: 'EXTENSION_CONTRACT',
    where: `data kind "${path}#own"`,
    fix: expect.stringContaining('defineDataKind()'),
  });
});
