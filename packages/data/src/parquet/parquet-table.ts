import { open, stat } from 'node:fs/promises';
import { isRecord, KcrError } from '@kcr/core';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Most bytes of a group of rows, unpacked. */
const MOST_GROUP = 2 ** 31;

/** The error for a file that is no Parquet file of images. */
export const parquetError = (where: string, found: string, cause?: unknown): KcrError =>
  new KcrError('PARQUET_FORMAT', {
    where,
    found,
    fix: 'Give a Parquet file with an image (`bytes`) and a class in each row, as Hugging Face has them',
    cause,
  });

/** A file of which parts are read; it does not stay open. */
async function bufferOf(path: string): Promise<AsyncBuffer> {
  const { size } = await stat(path);
  return {
    byteLength: size,
    async slice(start, end = size) {
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
    },
  };
}

/** Rows that lie together in a file. */
export interface RowGroup {
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

function groupsOf({ row_groups }: FileMetaData): RowGroup[] {
  let start = 0;
  return row_groups.map(({ num_rows, total_byte_size }) => {
    const [rows, bytes] = [Number(num_rows), Number(total_byte_size)];
    if (!(Number.isSafeInteger(rows) && rows >= 0 && bytes >= 0 && bytes <= MOST_GROUP))
      throw new Error(`a group of ${rows} rows and ${bytes} bytes`);
    const group = { start, rows, bytes };
    start += rows;
    return group;
  });
}

/** Opens a Parquet file. @throws KcrError `PARQUET_FORMAT` */
export async function parquetTable(path: string): Promise<ParquetTable> {
  const guarded = async <T>(read: () => Promise<T>): Promise<T> =>
    read().catch((cause) => {
      throw cause instanceof KcrError ? cause : parquetError(path, (cause as Error).message, cause);
    });
  return guarded(async () => {
    const file = await bufferOf(path);
    const metadata = await parquetMetadataAsync(file);
    const groups = groupsOf(metadata);
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
