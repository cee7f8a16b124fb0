import type { FileMetaData } from 'hyparquet';
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

/** Checks the pages of a column: none may say that it has more values than its group has rows. @throws Error */
function checkColumn(view: DataView, offset: number, { start, end, rows }: ColumnPages): void {
  const reader = { view, offset: start - offset };
  while (reader.offset < end - offset) {
    const header = parquetHeader(reader);
    const { data_page_header: data, data_page_header_v2: second } = header;
    const values = (data ?? second ?? header.dictionary_page_header)?.num_values ?? 0;
    if (!(values >= 0 && values <= rows && header.compressed_page_size >= 0))
      throw new Error(`a page of ${values} values for ${rows} rows`);
    reader.offset += header.compressed_page_size;
  }
}

/**
 * Checks the columns whose pages lie in a part of a file, before it is unpacked: a page that says that it has a billion values
 * would take the memory for them.
 *
 * @param bytes the part, from byte `offset` on
 * @throws Error for a page that has more values than its group has rows, or cannot be read
 */
export function checkPages(
  bytes: ArrayBuffer,
  offset: number,
  pages: readonly ColumnPages[],
): void {
  const end = offset + bytes.byteLength;
  const view = new DataView(bytes);
  for (const column of pages)
    if (column.start >= offset && column.end <= end) checkColumn(view, offset, column);
}
