import { readFileSync } from 'node:fs';

/**
 * The ranges that written packages ask for: those of this package's own `devDependencies`, with which the templates were tested
 * when it was published.
 */
const tested: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).devDependencies;

/** Packages with their ranges, in order. */
export const rangesOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries([...names].sort().map((name) => [name, tested[name]!]));
