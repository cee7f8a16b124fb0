/** Whether a name is `path` or in it: `blocks.1.norm.weight` is in `blocks.1`, and `blocks.10` is not. */
export const isWithin = (name: string, path: string): boolean =>
  name === path || name.startsWith(`${path}.`);

/** The names, and all paths that they are in. */
export function pathsOf(names: readonly string[]): Set<string> {
  const paths = new Set<string>();
  for (const name of names) {
    const parts = name.split('.');
    parts.forEach((_, i) => void paths.add(parts.slice(0, i + 1).join('.')));
  }
  return paths;
}
