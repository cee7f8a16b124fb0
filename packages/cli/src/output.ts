/** Prints a command's result: as JSON on one line, or as aligned `name  value` lines. */
export function printResult(result: object, json = false): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const lines = flatten(result);
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, value] of lines) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
}

function flatten(value: object, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, entry]): [string, string][] =>
    entry !== null && typeof entry === 'object' && !Array.isArray(entry)
      ? flatten(entry, `${prefix}${key}.`)
      : [[prefix + key, format(entry)]],
  );
}

function format(value: unknown): string {
  if (typeof value !== 'number') return Array.isArray(value) ? value.join(' ') : String(value);
  return Number.isInteger(value) ? value.toLocaleString('en') : value.toPrecision(6);
}

/** A table with a header, columns aligned. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}\n`,
    );
}
