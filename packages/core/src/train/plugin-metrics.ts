import { KcrError } from '../ground/error.ts';
import type { Progress } from '../model/clock.ts';
import type { AttachedPlugin } from './attaching.ts';

/**
 * The plugins' numbers for the log, in the order of the plugins.
 *
 * @param taken names of the log's own numbers
 * @throws KcrError `PLUGIN_METRIC` for what is not a finite number, and for a name that the log or another plugin has;
 *   `PLUGIN_FAILED`
 */
export async function pluginMetrics(
  plugins: readonly AttachedPlugin[],
  progress: Progress,
  taken: Iterable<string>,
): Promise<Record<string, number>> {
  const owners = new Map(Array.from(taken, (name) => [name, 'the log']));
  const numbers: Record<string, number> = {};
  for (const plugin of plugins) {
    if (!plugin.metrics) continue;
    const of = `plugin "${plugin.name}"`;
    const found: unknown = await plugin.metrics({ ...progress });
    if (typeof found !== 'object' || found === null || Array.isArray(found))
      throw refusal(`${of}, metrics`, 'no object', 'Return numbers by name');
    for (const [key, value] of Object.entries(found)) {
      const name = `${plugin.prefix ?? ''}${key}`;
      const where = `${of}, metric "${name}"`;
      const owner = owners.get(name);
      if (owner) throw refusal(where, `a name that ${owner} has`, 'Give it another name');
      if (!Number.isFinite(value))
        throw refusal(where, String(value), 'Leave it out where there is no number to tell');
      owners.set(name, of);
      numbers[name] = value;
    }
  }
  return numbers;
}

const refusal = (where: string, found: string, fix: string) =>
  new KcrError('PLUGIN_METRIC', { where, found, fix });
