import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { KcrError, type NdArray, openSafetensors, type StateDict } from '@kcr/core';
import { checkFields, type JsonRefusal, readJson } from '@kcr/core/internal';
import { z } from 'zod';

const refusal: JsonRefusal = {
  code: 'WEIGHTS_INDEX',
  fix: 'Fetch the folder again, with its index and all files that it names',
};

/** `model.safetensors.index.json`: the file of each tensor. */
const indexFields = z.looseObject({ weight_map: z.record(z.string(), z.string().min(1)) });

const wrong = (where: string, found: string) =>
  new KcrError('WEIGHTS_INDEX', { where, found, fix: refusal.fix });

/** Names that a message lists. */
const some = (names: readonly string[]) =>
  names.length > 3
    ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
    : names.join(', ');

/** The tensors of each file that an index names. @throws KcrError `WEIGHTS_INDEX` for files that are not beside it */
async function readIndex(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { weight_map } = checkFields(indexFields, await readJson(path, refusal), path, refusal);
  const names = new Map<string, string[]>();
  for (const [name, file] of Object.entries(weight_map)) {
    if (basename(file) !== file || ['.', '..'].includes(file) || /[\\:\0]/.test(file))
      throw wrong(path, `the file ${JSON.stringify(file)}, which is not beside the index`);
    names.set(file, [...(names.get(file) ?? []), name]);
  }
  return names;
}

/** The files that an index names. @throws KcrError `WEIGHTS_INDEX` */
export const shardNames = async (path: string): Promise<readonly string[]> => [
  ...(await readIndex(path)).keys(),
];

/** The files that an index names and that are not beside it. @throws KcrError `WEIGHTS_INDEX` */
export const missingShards = async (path: string): Promise<readonly string[]> =>
  (await shardNames(path)).filter((file) => !existsSync(join(dirname(path), file)));

/**
 * Reads weights that lie in several files, one file after another. Each tensor is in the file that the index says and in no
 * other, and all files lie beside the index.
 *
 * @param path of the index
 * @throws KcrError `WEIGHTS_INDEX`, and those of safetensors
 */
export async function readShards(path: string): Promise<StateDict> {
  const names = await readIndex(path);
  const absent = await missingShards(path);
  if (absent.length > 0) throw wrong(path, `no file ${some(absent)}`);
  const tensors: [string, NdArray][] = [];
  for (const [file, own] of names)
    tensors.push(...(await readShard(join(dirname(path), file), own)));
  return Object.fromEntries(tensors);
}

/** @throws KcrError `WEIGHTS_INDEX` unless the file has these tensors and no others */
async function readShard(path: string, names: readonly string[]): Promise<[string, NdArray][]> {
  await using file = await openSafetensors(path);
  const found = new Set(file.names);
  const missing = names.filter((name) => !found.delete(name));
  if (missing.length > 0) throw wrong(path, `no ${some(missing)}, which the index has here`);
  if (found.size > 0)
    throw wrong(path, `${some([...found])}, which the index has elsewhere or not`);
  const tensors: [string, NdArray][] = [];
  for (const name of file.names) tensors.push([name, await file.read(name)]);
  return tensors;
}
