import { checkContract } from '@kcr/core/internal';
import { importExport } from '../modules.ts';
import { classFolders } from './class-folders.ts';
import { classMaps } from './class-maps.ts';
import { cocoObjects } from './coco-objects.ts';
import type { DataKind } from './data-kind.ts';
import { numberedObjects } from './numbered-objects.ts';

/** The kinds of data that come along, by the names that recipes use. */
export const dataKinds: Readonly<Record<string, DataKind>> = Object.fromEntries(
  ([classFolders, classMaps, numberedObjects, cocoObjects] as DataKind[]).map((kind) => [
    kind.name,
    kind,
  ]),
);

/**
 * A kind of data by name, or by `MODULE#EXPORT`.
 *
 * @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN`, `EXTENSION_CONTRACT`
 */
export async function findDataKind(name: string, from?: string): Promise<DataKind> {
  if (Object.hasOwn(dataKinds, name)) return dataKinds[name]!;
  const kind = (await importExport(name, from)) as DataKind;
  checkContract('data kind', { ...kind, name });
  return kind;
}
