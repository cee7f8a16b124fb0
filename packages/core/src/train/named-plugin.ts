import type { Curve } from './chart.ts';
import type { Plugin } from './plugin.ts';

/** What stands before the metrics of a plugin that is attached under a name of the run's. */
export const metricPrefix = ({ name, instanceOf }: Plugin): string =>
  instanceOf === undefined ? '' : `${name}/`;

/**
 * A plugin under another name, so that a run may have several of one kind. Its slots, state, random numbers and snapshots are kept
 * under that name, and its metrics have it in front: `second/kc`.
 *
 * @example
 * plugins: [kcrNystrom({ eta: 0.1 }), namedPlugin('second', kcrNystrom({ eta: 0, rank: 8 }))];
 */
export function namedPlugin(name: string, plugin: Plugin): Plugin {
  const instanceOf = plugin.instanceOf ?? plugin.name;
  const { curves = {}, snapshots } = plugin;
  const before = metricPrefix(plugin);
  const own = new Set(
    Object.entries(curves).flatMap(([key, { lines = {} }]) => [key, ...Object.keys(lines)]),
  );
  // A chart may have a number of the log's beside the plugin's own.
  const renamed = (key: string) => (own.has(key) ? `${name}/${key.slice(before.length)}` : key);
  const title = (given: string) => `${given} (${name})`;
  const keys = <T>(entries: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(entries).map(([key, value]) => [renamed(key), value]));
  const curve = (given: Curve): Curve => ({
    ...given,
    title: title(given.title),
    ...(given.lines && { lines: keys(given.lines) }),
    ...(given.right && { right: { ...given.right, number: renamed(given.right.number) } }),
  });
  return {
    ...plugin,
    name,
    instanceOf,
    curves: keys(
      Object.fromEntries(Object.entries(curves).map(([key, given]) => [key, curve(given)])),
    ),
    snapshots: snapshots && curve(snapshots),
  };
}
