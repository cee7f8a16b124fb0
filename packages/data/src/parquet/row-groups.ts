import type { ParquetTable } from './parquet-table.ts';

/** Bytes of unpacked groups of rows that are kept: at least one group is. */
const KEPT = 2 ** 28;

/** A column of a table of which single rows are read: their groups are unpacked, and the latest ones kept. */
export class RowGroups {
  readonly #kept = new Map<string, { values: Promise<unknown[]>; bytes: number }>();

  constructor(private readonly column: string) {}

  /** Row of a group of a table. @throws KcrError `PARQUET_FORMAT` */
  async row(table: ParquetTable, group: number, row: number): Promise<unknown> {
    const key = `${group}:${table.path}`;
    const { start, rows, bytes } = table.groups[group]!;
    const known = this.#kept.get(key);
    const values = known?.values ?? table.read(this.column, start, start + rows);
    // The latest stands last.
    this.#kept.delete(key);
    this.#kept.set(key, { values, bytes });
    this.#forget();
    return (await values)[row];
  }

  #forget(): void {
    let sum = 0;
    for (const [key, { bytes }] of [...this.#kept].reverse()) {
      sum += bytes;
      if (sum > KEPT && sum > bytes) this.#kept.delete(key);
    }
  }
}
