import { KcrError } from '../ground/error.ts';
import type { Kept } from '../model/dim.ts';
import { checkKept } from '../model/kept.ts';
import type { Model } from '../model/model.ts';
import type { AttachedPlugin } from './attaching.ts';

/**
 * The channels that plugins choose at the end of a search.
 *
 * @throws KcrError `SELECTION_CONFLICT` where two choose those of one dimension; `SELECTION_*` and `DIM_INDEX` for what
 *   the model cannot keep; `PLUGIN_FAILED`
 */
export async function pluginSelection(
  plugins: readonly AttachedPlugin[],
  model: Model,
): Promise<Kept> {
  const owners = new Map<string, string>();
  const kept: Record<string, readonly number[]> = {};
  for (const plugin of plugins) {
    if (!plugin.select) continue;
    const where = `plugin "${plugin.name}", select`;
    const chosen: unknown = await plugin.select();
    checkKept(model, chosen, where);
    for (const [name, channels] of Object.entries(chosen)) {
      const owner = owners.get(name);
      if (owner)
        throw new KcrError('SELECTION_CONFLICT', {
          where: `${where}, ${name}`,
          found: `a dimension whose channels plugin "${owner}" chooses too`,
          fix: 'Leave one of the plugins out, or let it choose in other dimensions',
        });
      owners.set(name, plugin.name);
      kept[name] = channels;
    }
  }
  return kept;
}
