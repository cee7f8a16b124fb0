/** The middle of what was measured several times. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Prints a table in Markdown. */
export function table(header: readonly string[], lines: readonly (readonly string[])[]): void {
  process.stdout.write(`\n| ${header.join(' | ')} |\n|${'---|'.repeat(header.length)}\n`);
  for (const line of lines) process.stdout.write(`| ${line.join(' | ')} |\n`);
}
