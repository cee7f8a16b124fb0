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

/** A kind of data by name, or by `MODULE#EXPORT`. @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN` */
export const findDataKind = async (name: string, from?: string): Promise<DataKind> =>
  Object.hasOwn(dataKinds, name)
    ? dataKinds[name]!
    : ((await importExport(name, from)) as DataKind);
