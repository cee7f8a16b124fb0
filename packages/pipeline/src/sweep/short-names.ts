/**
 * The shortest ends of dotted paths that tell them apart, for tables: `eta` of `retrain.plugins.0.options.eta`.
 *
 * @param paths all different
 */
export function shortNames(paths: readonly string[]): string[] {
  const end = (path: string, keys: number) => path.split('.').slice(-keys).join('.');
  return paths.map((path) => {
    const most = path.split('.').length;
    for (let keys = 1; keys < most; keys++) {
      const own = end(path, keys);
      const others = paths.filter((other) => other !== path);
      // A place in a list says nothing by itself.
      if (!/^\d+(\.|$)/.test(own) && others.every((other) => end(other, keys) !== own)) return own;
    }
    return path;
  });
}
