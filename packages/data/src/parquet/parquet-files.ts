import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KcrError } from '@kcr/core';
import { isRecord, type KnownClasses } from '@kcr/core/internal';
import { classLabels, MOST_CLASSES, type RawLabels, textLabels } from '../class-labels.ts';
import type { LabelledColumns } from '../csv-files.ts';
import { imageError } from '../extent.ts';
import { filesDigest } from '../file-digests.ts';
import type { EncodedImage } from '../image.ts';
import type { LabelledFiles } from '../labelled-files.ts';
import { type ParquetTable, parquetError, parquetTable } from './parquet-table.ts';
import { RowGroups } from './row-groups.ts';

/**
 * The Parquet files of a folder, those whose names fit a pattern with `*` (`data/train-*.parquet`), or the only one; sorted by name.
 *
 * @throws KcrError `FOLDER_READ`, `DATASET_EMPTY`
 */
async function parquetPaths(root: string): Promise<string[]> {
  const pattern = basename(root);
  if (pattern.endsWith('.parquet') && !pattern.includes('*')) return [root];
  const folder = pattern.includes('*') ? dirname(root) : root;
  const parts = (pattern.includes('*') ? pattern : '*.parquet').split('*');
  const names = await readdir(folder).catch((cause: Error) => {
    throw new KcrError('FOLDER_READ', {
      where: folder,
      found: cause.message,
      fix: 'Check the path',
      cause,
    });
  });
  const fitting = new RegExp(
    `^${parts.map((part) => part.replace(/[^\w-]/g, '\\$&')).join('[^/]*')}$`,
  );
  const found = names.filter((name) => fitting.test(name) && !name.startsWith('.'));
  if (found.length === 0)
    throw new KcrError('DATASET_EMPTY', {
      where: root,
      found: 'no Parquet file',
      fix: 'Name a Parquet file, a folder of some, or a pattern such as data/train-*.parquet',
    });
  return found
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(folder, name));
}

const typeOf = (feature: unknown): unknown => (isRecord(feature) ? feature._type : undefined);

/** The column that was named, or the only one of a type, or of a usual name. @throws KcrError `PARQUET_FORMAT` */
function columnOf(
  { path, columns, features }: ParquetTable,
  given: string | undefined,
  type: string,
  usual: string,
): string {
  const typed = columns.filter((name) => typeOf(features[name]) === type);
  const found = given ?? (typed.length === 1 ? typed[0]! : usual);
  if (columns.includes(found)) return found;
  throw parquetError(
    path,
    `no column ${found} among ${columns.slice(0, 20).join(', ')}; name it (\`columns\`)`,
  );
}

/** Names of a column's classes, if the file has them. */
function namesOf({ features }: ParquetTable, column: string): readonly string[] | undefined {
  const feature = features[column];
  const names = isRecord(feature) ? feature.names : undefined;
  const fine = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return fine ? (names as string[]) : undefined;
}

/** A label as text. @throws KcrError `PARQUET_FORMAT` */
function labelText(value: unknown, where: string): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
  if (['string', 'number', 'bigint'].includes(typeof text) && text !== '') return String(text);
  throw parquetError(where, 'a row without a class');
}

/** The labels of all rows. @throws KcrError `PARQUET_FORMAT`, `DATASET_CLASSES` */
async function labelsOf(
  tables: readonly ParquetTable[],
  column: string,
  root: string,
): Promise<RawLabels> {
  const texts: string[] = [];
  for (const table of tables)
    for (const { start, rows } of table.groups)
      for (const value of await table.read(column, start, start + rows))
        texts.push(labelText(value, `${table.path}, row ${texts.length + 1}`));
  const raw = textLabels(texts, root);
  const names = namesOf(tables[0]!, column);
  return raw.names || !names || names.length > MOST_CLASSES ? raw : { labels: raw.labels, names };
}

/** Where each group of rows begins, over all tables. */
function groupStarts(tables: readonly ParquetTable[]) {
  let before = 0;
  return tables.flatMap((table) =>
    table.groups.map(({ rows }, group) => {
      const start = before;
      before += rows;
      return { table, group, start };
    }),
  );
}

/** An image's bytes: `{bytes, path}` of `datasets`, or the bytes alone. @throws KcrError `IMAGE_READ` where there are none */
function imageOf(value: unknown, where: string): EncodedImage {
  const bytes = isRecord(value) && !(value instanceof Uint8Array) ? value.bytes : value;
  if (bytes instanceof Uint8Array) return { where, bytes };
  throw imageError(where, new Error('a row without the bytes of an image'));
}

/**
 * The images of Parquet files, as Hugging Face's `datasets` write them: a column of images (`{bytes, path}`, or bytes) and one of
 * class numbers or names. Rows are unpacked group by group, and 256 MiB of them kept.
 *
 * @param root one file, a folder of some, or a pattern with `*`
 * @throws KcrError `PARQUET_FORMAT`, `FOLDER_READ`, `DATASET_EMPTY`, `DATASET_CLASSES`
 */
export async function parquetFiles(
  root: string,
  { classes: given, columns = {} }: { classes?: KnownClasses; columns?: LabelledColumns },
): Promise<LabelledFiles> {
  const paths = await parquetPaths(root);
  const tables: ParquetTable[] = [];
  for (const path of paths) tables.push(await parquetTable(path));
  const image = columnOf(tables[0]!, columns.image, 'Image', 'image');
  const label = columnOf(tables[0]!, columns.label, 'ClassLabel', 'label');
  const { labels, classes } = classLabels(await labelsOf(tables, label, root), given, root);
  if (labels.length === 0)
    throw new KcrError('DATASET_EMPTY', {
      where: root,
      found: 'no row',
      fix: 'Give a file with images',
    });
  const starts = groupStarts(tables);
  const groups = new RowGroups(image);
  return {
    labels,
    classes,
    where: root,
    async file(i) {
      const { table, group, start } = starts[starts.findLastIndex(({ start }) => start <= i)]!;
      const where = `${table.path}, row ${table.groups[group]!.start + i - start + 1}`;
      return imageOf(await groups.row(table, group, i - start), where);
    },
    identity: async () => ({
      files: await filesDigest(dirname(paths[0]!), paths),
      columns: [image, label],
    }),
  };
}
