import { open, stat } from 'node:fs/promises';
import { KcrError } from '@kcr/core';
import { isRecord } from '@kcr/core/internal';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { checkPages, columnPages } from './check-pages.ts';

/** Most bytes of a group of rows, unpacked. */
const MOST_GROUP = 2 ** 31;
/** Most rows of a group. */
const MOST_ROWS = 2 ** 24;

/** The error for a file that is no Parquet file of images. */
export const parquetError = (where: string, found: string, cause?: unknown): KcrError =>
  new KcrError('PARQUET_FORMAT', {
    where,
    found,
    fix: 'Give a Parquet file with an image (`bytes`) and a class in each row, as Hugging Face has them',
    cause,
  });

/** Some bytes of a file, which does not stay open. @throws Error where the file has not so many */
async function bytesOf(path: string, start: number, end: number): Promise<ArrayBuffer> {
  const { size } = await stat(path);
  if (!(start >= 0 && start <= end && end <= size))
    throw new Error(`bytes ${start} to ${end} of ${size}`);
  const bytes = new Uint8Array(end - start);
  const file = await open(path);
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) throw new Error('it became shorter while it was read');
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes.buffer;
}

/** A file of which parts are read. @param check of a part that was read, from a byte on; it throws where it is refused */
async function bufferOf(
  path: string,
  check: (bytes: ArrayBuffer, offset: number) => void = () => {},
): Promise<AsyncBuffer> {
  const { size } = await stat(path);
  return {
    byteLength: size,
    slice(start, end = size) {
      const bytes = bytesOf(path, start, end).then((read) => {
        check(read, start);
        return read;
      });
      // The reader asks for several parts at once, and for none of the others where one fails: that must not end the process.
      bytes.catch(() => {});
      return bytes;
    },
  };
}

/** Rows that lie together in a file. */
interface RowGroup {
  readonly start: number;
  readonly rows: number;
  /** Unpacked. */
  readonly bytes: number;
}

/** A Parquet file whose rows are read group by group. */
export interface ParquetTable {
  readonly path: string;
  readonly groups: readonly RowGroup[];
  readonly rows: number;
  /** What Hugging Face's `datasets` say of each column, by name. */
  readonly features: Readonly<Record<string, unknown>>;
  readonly columns: readonly string[];
  /** Some rows of a column; one per row. @throws KcrError `PARQUET_FORMAT` */
  read(column: string, start: number, end: number): Promise<unknown[]>;
}

/** What `datasets` writes of the columns. */
function featuresOf({ key_value_metadata = [] }: FileMetaData): Record<string, unknown> {
  const text = key_value_metadata.find(({ key }) => key === 'huggingface')?.value;
  const value: unknown = text ? JSON.parse(text) : undefined;
  const info = isRecord(value) && isRecord(value.info) ? value.info.features : undefined;
  return isRecord(info) ? info : {};
}

/** The groups of rows. @param size bytes of the file @throws Error where it has not as many rows as it says */
function groupsOf({ row_groups }: FileMetaData, size: number): RowGroup[] {
  let start = 0;
  const groups = row_groups.map(({ num_rows, total_byte_size }) => {
    const [rows, bytes] = [Number(num_rows), Number(total_byte_size)];
    if (
      !(
        Number.isInteger(rows) &&
        rows >= 0 &&
        rows <= MOST_ROWS &&
        bytes >= 0 &&
        bytes <= MOST_GROUP
      )
    )
      throw new Error(`a group of ${rows} rows and ${bytes} bytes`);
    const group = { start, rows, bytes };
    start += rows;
    return group;
  });
  // Each has an image.
  if (start > size) throw new Error(`${start} rows in ${size} bytes`);
  return groups;
}

/** Paths of the columns that have values, in their order. */
const leavesOf = ({ children, path }: SchemaTree): string[] =>
  children.length > 0 ? children.flatMap(leavesOf) : [path.join('.')];

/**
 * Checks that groups of rows have the schema's columns: the reader waits for no other, and one that cannot be read would end the
 * process.
 *
 * @throws Error
 */
function checkColumns(metadata: FileMetaData): void {
  const leaves = leavesOf(parquetSchema(metadata)).join();
  for (const { columns } of metadata.row_groups) {
    const found = columns.map(({ meta_data }) => meta_data?.path_in_schema.join('.')).join();
    if (found !== leaves)
      throw new Error(`rows of the columns ${found}, which should be ${leaves}`);
  }
}

/** Opens a Parquet file. @throws KcrError `PARQUET_FORMAT` */
export async function parquetTable(path: string): Promise<ParquetTable> {
  const guarded = async <T>(read: () => Promise<T>): Promise<T> =>
    read().catch((cause) => {
      throw cause instanceof KcrError ? cause : parquetError(path, (cause as Error).message, cause);
    });
  return guarded(async () => {
    const metadata = await parquetMetadataAsync(await bufferOf(path));
    checkColumns(metadata);
    const pages = columnPages(metadata);
    const file = await bufferOf(path, (bytes, offset) => checkPages(bytes, offset, pages));
    const groups = groupsOf(metadata, file.byteLength);
    const common = { file, metadata, compressors, utf8: false };
    return {
      path,
      groups,
      rows: groups.reduce((sum, { rows }) => sum + rows, 0),
      features: featuresOf(metadata),
      columns: metadata.schema.length > 0 ? topColumns(metadata) : [],
      read: (column, rowStart, rowEnd) =>
        guarded(async () => {
          const rows = await parquetReadObjects({ ...common, columns: [column], rowStart, rowEnd });
          if (rows.length === rowEnd - rowStart) return rows.map((row) => row[column]);
          throw new Error(`${rows.length} rows instead of ${rowEnd - rowStart}`);
        }),
    };
  });
}

/** Names of the columns, without what is within them. */
function topColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let n = schema[at]?.num_children ?? 0; n > 0 && next < schema.length; n--)
      next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) names.push(schema[at]!.name);
  return names;
}
