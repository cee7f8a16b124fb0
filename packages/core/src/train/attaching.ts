import { KcrError } from '../ground/error.ts';
import { assertOwnTensor } from '../tensor/tf.ts';
import { PLUGIN_API_VERSION, type Plugin, type PluginHooks, type PluginRun } from './plugin.ts';

const HOOKS = ['tap', 'loss', 'observe', 'refresh', 'select', 'metrics'];

/**
 * Checks plugins before a run: their interface version and that no name is used twice.
 *
 * @throws KcrError `PLUGIN_INVALID`, `PLUGIN_API_VERSION`, `PLUGIN_DUPLICATE`
 */
export function checkPlugins(plugins: readonly Plugin[]): void {
  const names = new Set<string>();
  for (const plugin of plugins) {
    const where = `plugin "${plugin?.name ?? 'without a name'}"`;
    if (typeof plugin?.name !== 'string' || typeof plugin.setup !== 'function')
      throw new KcrError('PLUGIN_INVALID', {
        where,
        found: 'no `name` or no `setup` function',
        fix: 'Make plugins with definePlugin(), and call the plugin with its options',
      });
    if (plugin.apiVersion !== PLUGIN_API_VERSION)
      throw new KcrError('PLUGIN_API_VERSION', {
        where,
        found: `plugin interface version ${plugin.apiVersion}; this @kcr/core speaks ${PLUGIN_API_VERSION}`,
        fix: 'Install a version of the plugin made for this @kcr/core',
      });
    if (names.has(plugin.name))
      throw new KcrError('PLUGIN_DUPLICATE', {
        where,
        found: 'attached twice',
        fix: 'Attach it once',
      });
    names.add(plugin.name);
  }
}

/** Attaches one plugin and guards what its hooks return. @throws KcrError `PLUGIN_HOOK` */
export function attachPlugin(plugin: Plugin, run: PluginRun): PluginHooks {
  const hooks = plugin.setup(run);
  const where = `plugin "${plugin.name}"`;
  const unknown = Object.keys(hooks).filter((hook) => !HOOKS.includes(hook));
  if (unknown.length > 0)
    throw new KcrError('PLUGIN_HOOK', {
      where,
      found: `unknown hook ${unknown.join(', ')}`,
      fix: `Use ${HOOKS.join(', ')}`,
    });
  const guarded: PluginHooks = { ...hooks };
  if (hooks.tap)
    guarded.tap = (value, info) => {
      const result = hooks.tap!(value, info);
      assertOwnTensor(result, `${where}, tap ${info.name}`);
      return result;
    };
  if (hooks.loss)
    guarded.loss = (context) => {
      const result = hooks.loss!(context);
      assertOwnTensor(result, `${where}, loss`);
      return result;
    };
  return guarded;
}
