import { kindText } from '../ground/array.ts';
import { KcrError, textOf } from '../ground/error.ts';
import { checkExtension, type ExtensionHost } from '../model/check-extension.ts';
import { assertOwnTensor, type Tensor } from '../tensor/tf.ts';
import { kernelError } from '../trace/tracer.ts';
import { metricPrefix } from './named-plugin.ts';
import type { Plugin, PluginHooks, PluginRun } from './plugin.ts';

const HOOKS = ['tap', 'loss', 'watch', 'observe', 'refresh', 'select', 'metrics', 'snapshot'];

/**
 * Checks plugins before a run: their contract, what they need, and that no name is used twice.
 *
 * @throws KcrError `PLUGIN_INVALID`, `EXTENSION_CONTRACT`, `EXTENSION_NEEDS`, `PLUGIN_DUPLICATE`
 */
export function checkPlugins(plugins: readonly Plugin[], model: ExtensionHost): void {
  const names = new Set<string>();
  const attached = plugins.flatMap((plugin) => [plugin?.name, plugin?.instanceOf ?? []].flat());
  for (const plugin of plugins) {
    const where = `plugin "${plugin?.name ?? 'without a name'}"`;
    const invalid = (found: string, fix: string) =>
      new KcrError('PLUGIN_INVALID', { where, found, fix });
    if (typeof plugin?.name !== 'string' || typeof plugin.setup !== 'function')
      throw invalid(
        'no `name` or no `setup` function',
        'Make plugins with definePlugin(), and call the plugin with its options',
      );
    checkExtension('plugin', plugin, model, attached);
    if (plugin.order !== undefined && !['pre', 'post'].includes(plugin.order))
      throw invalid(`the order ${textOf(plugin.order)}`, 'Give pre or post, or leave it out');
    if (names.has(plugin.name))
      throw new KcrError('PLUGIN_DUPLICATE', {
        where,
        found: 'attached twice',
        fix: `Attach it once, or one of them under another name: namedPlugin('second', plugin)`,
      });
    names.add(plugin.name);
  }
}

/** The hooks of a plugin that is attached to a run, and its name. */
export interface AttachedPlugin extends PluginHooks {
  readonly name: string;
  /** What stands before the names of its metrics in the log. Default nothing. */
  readonly prefix?: string;
}

/**
 * Attaches one plugin. Its hooks are guarded: what one throws is named by plugin and hook, unless it is a KcrError,
 * and a tensor that training cannot go on with is refused.
 *
 * @throws KcrError `PLUGIN_FAILED`, `PLUGIN_HOOK`; the hooks also `PLUGIN_LOSS`, `PLUGIN_TAP`, `TENSOR_EXPECTED` and
 *   `TENSOR_LIBRARY_DUPLICATE`
 */
export function attachPlugin(plugin: Plugin, run: PluginRun): AttachedPlugin {
  const at = (hook: string) => `plugin "${plugin.name}", ${hook}`;
  const hooks = guard(at('setup'), () => plugin.setup(run));
  checkHooks(hooks, at('setup'));
  return {
    name: plugin.name,
    prefix: metricPrefix(plugin),
    tap:
      hooks.tap &&
      ((value, info) => {
        const where = at(`tap ${info.name}`);
        const result = guard(where, () => hooks.tap!(value, info));
        assertOwnTensor(result, where);
        checkTapped(result, value, where);
        return result;
      }),
    loss:
      hooks.loss &&
      ((context) => {
        const result = guard(at('loss'), () => hooks.loss!(context));
        assertOwnTensor(result, at('loss'));
        checkLoss(result, at('loss'));
        return result;
      }),
    watch:
      hooks.watch &&
      ((context) => {
        const result = guard(at('watch'), () => hooks.watch!(context));
        checkWatched(result, at('watch'));
        return result;
      }),
    observe:
      hooks.observe && ((observation) => guard(at('observe'), () => hooks.observe!(observation))),
    refresh:
      hooks.refresh && ((context) => guardAsync(at('refresh'), () => hooks.refresh!(context))),
    select: hooks.select && (() => guardAsync(at('select'), () => hooks.select!())),
    metrics:
      hooks.metrics && ((progress) => guardAsync(at('metrics'), () => hooks.metrics!(progress))),
    snapshot:
      hooks.snapshot && ((progress) => guardAsync(at('snapshot'), () => hooks.snapshot!(progress))),
  };
}

/** Runs a hook that gives its value at once. @throws KcrError `PLUGIN_HOOK` for a promise, which a step cannot wait for */
function guard<T>(where: string, hook: () => T): T {
  let result: T;
  try {
    result = hook();
  } catch (cause) {
    throw failed(where, cause);
  }
  if (!(result instanceof Promise)) return result;
  // Whatever becomes of it, this is what is wrong.
  result.catch(() => {});
  throw new KcrError('PLUGIN_HOOK', {
    where,
    found: 'it returns a promise, which nothing waits for',
    fix: 'Make the hook a function that is not async; refresh, select, metrics and snapshot may be',
  });
}

async function guardAsync<T>(where: string, hook: () => Promise<T>): Promise<T> {
  try {
    return await hook();
  } catch (cause) {
    throw failed(where, cause);
  }
}

/** A KcrError says its place and what to do itself; the plugin and hook are added where it does not know them. */
function failed(where: string, thrown: unknown): KcrError {
  const cause = kernelError(thrown);
  if (!(cause instanceof KcrError))
    return new KcrError('PLUGIN_FAILED', {
      where,
      found: `it threw "${textOf(cause)}"`,
      fix: 'Look at the cause, correct the plugin, or leave it out of this run',
      cause,
    });
  const plugin = /"(.*)"/.exec(where)?.[1] ?? where;
  // A line of a file that has the plugin's name does not name the plugin.
  if (cause.where.includes(plugin) && !/:\d+:\d+\)?$/.test(cause.where)) return cause;
  const { code, found, fix } = cause;
  return new KcrError(code, { where: `${where}: ${cause.where}`, found, fix, cause });
}

/** @throws KcrError `PLUGIN_HOOK` */
function checkHooks(hooks: PluginHooks, where: string): void {
  const refuse = (found: string) => {
    throw new KcrError('PLUGIN_HOOK', {
      where,
      found,
      fix: `Return an object with functions among ${HOOKS.join(', ')}`,
    });
  };
  if (typeof hooks !== 'object' || hooks === null) refuse('it returns no object of hooks');
  for (const [hook, value] of Object.entries(hooks)) {
    if (!HOOKS.includes(hook)) refuse(`unknown hook ${hook}`);
    if (value !== undefined && typeof value !== 'function') refuse(`${hook} is no function`);
  }
}

/** @throws KcrError `PLUGIN_TAP` */
function checkTapped(result: Tensor, given: Tensor, where: string): void {
  if (kindText(result) !== kindText(given))
    throw new KcrError('PLUGIN_TAP', {
      where,
      found: `${kindText(result)} for a value of ${kindText(given)}`,
      fix: 'Return a value of the same shape and type; an adapter may change them',
    });
}

/** @throws KcrError `PLUGIN_HOOK`, and those of tensors that are none of ours */
function checkWatched(result: Record<string, Tensor>, where: string): void {
  if (typeof result !== 'object' || result === null)
    throw new KcrError('PLUGIN_HOOK', {
      where,
      found: `${textOf(result)} instead of tensors by name`,
      fix: 'Return an object of tensors, which may be empty',
    });
  for (const [name, value] of Object.entries(result)) assertOwnTensor(value, `${where}, ${name}`);
}

/** @throws KcrError `PLUGIN_LOSS` */
function checkLoss(loss: Tensor, where: string): void {
  if (loss.dtype !== 'float32' || loss.size !== 1)
    throw new KcrError('PLUGIN_LOSS', {
      where,
      found: kindText(loss),
      fix: 'Return one float32 number, such as the mean over the batch',
    });
}
