import type { FileMetaData, PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

/** Where the pages of a column lie in the file, for one group of rows. */
interface ColumnPages {
  readonly start: number;
  readonly end: number;
  readonly rows: number;
}

/** Where the pages of all columns lie. */
export const columnPages = ({ row_groups }: FileMetaData): ColumnPages[] =>
  row_groups.flatMap(({ columns, num_rows }) =>
    columns.flatMap(({ meta_data }) => {
      if (!meta_data) return [];
      const start = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset);
      const end = start + Number(meta_data.total_compressed_size);
      return [{ start, end, rows: Number(num_rows) }];
    }),
  );

/** Most bytes that one byte is unpacked to: deflate's limit. */
const MOST_RATIO = 1032;

/** Most bytes that the pages of a column are unpacked to in a group of rows: images are hardly packed, and columns of classes are short. */
const mostUnpacked = (bytes: number): number => Math.max(2 ** 26, 8 * bytes);

const isCount = (value: number, most: number) => value >= 0 && value <= most;

/** Checks what a page says of itself. @param rows of its group @throws Error */
function checkPage(header: PageHeader, rows: number): void {
  const { data_page_header: first, data_page_header_v2: second } = header;
  const values = (first ?? second ?? header.dictionary_page_header)?.num_values ?? 0;
  const [packed, unpacked] = [header.compressed_page_size, Number(header.uncompressed_page_size)];
  if (!(isCount(values, rows) && packed >= 0))
    throw new Error(`a page of ${values} values for ${rows} rows`);
  if (!isCount(unpacked, MOST_RATIO * (packed + 64)))
    throw new Error(`a page of ${packed} bytes that are unpacked to ${unpacked}`);
  if (!second) return;
  const { num_nulls, definition_levels_byte_length, repetition_levels_byte_length } = second;
  if (!isCount(num_nulls, values))
    throw new Error(`${num_nulls} of ${values} values that are none`);
  // Of these two the rest of the page is counted.
  const levels = [definition_levels_byte_length, repetition_levels_byte_length];
  if (!levels.every((length) => isCount(length, packed)))
    throw new Error(`levels of ${levels.join(' and ')} bytes in a page of ${packed}`);
}

/** Checks the pages of a column. @throws Error */
function checkColumn(view: DataView, offset: number, { start, end, rows }: ColumnPages): void {
  const reader = { view, offset: start - offset };
  let unpacked = 0;
  while (reader.offset < end - offset) {
    const header = parquetHeader(reader);
    checkPage(header, rows);
    unpacked += Number(header.uncompressed_page_size);
    reader.offset += header.compressed_page_size;
  }
  const most = mostUnpacked(end - start);
  if (unpacked > most)
    throw new Error(
      `a column of ${end - start} bytes that are unpacked to ${unpacked}, above ${most}, the most that is read`,
    );
}

/**
 * Checks the columns whose pages lie in a part of a file, before it is unpacked: a page that says that it has a billion values, or a
 * billion bytes, would take the memory for them.
 *
 * @param bytes the part, from byte `offset` on
 * @throws Error for a page that has more values than its group has rows, for pages that are unpacked to more than 64 MiB and eight
 *   times their size, for such that cannot be read, and for a column that goes beyond the part
 */
export function checkPages(
  bytes: ArrayBuffer,
  offset: number,
  pages: readonly ColumnPages[],
): void {
  const end = offset + bytes.byteLength;
  const view = new DataView(bytes);
  for (const column of pages) {
    if (column.end <= offset || column.start >= end) continue;
    if (column.start < offset || column.end > end)
      throw new Error(`a column at bytes ${column.start} to ${column.end}, within others`);
    checkColumn(view, offset, column);
  }
}
