import { expect, test } from 'vitest';
import { bright, MODULE } from '../testing/brightness.ts';
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
