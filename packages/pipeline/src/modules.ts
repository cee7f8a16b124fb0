import type { ModelEntry } from '@kcr/backbones';
import {
  type Architecture,
  KcrError,
  type MakeAdapter,
  type MakeHead,
  messageOf,
  namedPlugin,
  type Plugin,
} from '@kcr/core';
import { didYouMean, nearest } from '@kcr/core/internal';
import { importUrl, isTranslated } from './import-url.ts';
import { folderOf, isFile, moduleUrl } from './module-url.ts';

/** The modules that this package brings along, so that a recipe finds them from any folder. */
const bundled: Readonly<Record<string, () => Promise<object>>> = {
  '@kcr/backbones': () => import('@kcr/backbones'),
  '@kcr/core': () => import('@kcr/core'),
  '@kcr/criteria': () => import('@kcr/criteria'),
  '@kcr/data': () => import('@kcr/data'),
  '@kcr/detect': () => import('@kcr/detect'),
  '@kcr/distill': () => import('@kcr/distill'),
  '@kcr/explain': () => import('@kcr/explain'),
  '@kcr/ib-bound': () => import('@kcr/ib-bound'),
  '@kcr/lfc': () => import('@kcr/lfc'),
  '@kcr/masks': () => import('@kcr/masks'),
  '@kcr/nystrom': () => import('@kcr/nystrom'),
  '@kcr/onnx': () => import('@kcr/onnx'),
  '@kcr/page': () => import('@kcr/page'),
  '@kcr/pretrained': () => import('@kcr/pretrained'),
};

/** An extension as a recipe names it: `MODULE#EXPORT`, and what it is made with. */
export interface Part {
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Whether a module comes along with this package. */
export const isBundled = (module: string): boolean => Object.hasOwn(bundled, module);

/** The names of the modules that come along. */
export const bundledModules: readonly string[] = Object.keys(bundled);

/**
 * Imports a bundled module, a file (./x.mjs) or a package installed where it is named.
 *
 * @param from URL of the file that names it. Default: a file in the process's folder
 * @throws KcrError `MODULE_LOAD`; `CORE_DUPLICATE` where it brings another core
 */
export async function importModule(
  module: string,
  from?: string,
): Promise<Record<string, unknown>> {
  try {
    if (isBundled(module)) return (await bundled[module]!()) as Record<string, unknown>;
    return await importUrl(moduleUrl(module, from));
  } catch (cause) {
    // That it has another core says more than that it cannot be loaded.
    if (cause instanceof KcrError && cause.code === 'CORE_DUPLICATE') throw cause;
    throw new KcrError('MODULE_LOAD', {
      where: `module "${module}"`,
      found: messageOf(cause).split('\n')[0]!,
      fix: `${howToHave(module, from)}, or correct its name`,
      cause,
    });
  }
}

/** What is said to do where a module is not found. */
const howToHave = (module: string, from?: string): string =>
  isFile(module)
    ? `Write its path from ${folderOf(from)}`
    : `Install it in ${folderOf(from)} (npm install ${module})`;

/** The two halves of `MODULE#EXPORT`, or of `MODULE#NAME`: the last # counts, since folders may have one. */
export function splitUse(use: string): { module: string; name: string } {
  const at = use.lastIndexOf('#');
  return { module: use.slice(0, at), name: use.slice(at + 1) };
}

/**
 * URL and name of what `MODULE#EXPORT` names, by which other threads import it; none of modules that come along, and of those
 * that Node cannot import by itself.
 */
export function exportOf(use: string, from?: string): { module: string; name: string } | undefined {
  const { module, name } = splitUse(use);
  if (isBundled(module)) return undefined;
  const url = moduleUrl(module, from);
  return isTranslated(url) ? undefined : { module: url, name };
}

/**
 * What `MODULE#EXPORT` names.
 *
 * @param from URL of the file that names it. Default: a file in the process's folder
 * @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN`
 */
export async function importExport(use: string, from?: string): Promise<unknown> {
  const { module, name } = splitUse(use);
  const exports = await importModule(module, from);
  if (Object.hasOwn(exports, name)) return exports[name];
  throw new KcrError('PLUGIN_UNKNOWN', {
    where: `"${use}"`,
    found: `nothing of that name in ${module}`,
    fix: didYouMean(name, Object.keys(exports), 'It exports'),
  });
}

/**
 * What makes an extension (a plugin, an adapter, a criterion, ...) from its options.
 *
 * @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN`
 */
export async function partMaker<T>(use: string, from?: string): Promise<(options: object) => T> {
  const make = await importExport(use, from);
  if (typeof make === 'function') return make as (options: object) => T;
  throw new KcrError('PLUGIN_UNKNOWN', {
    where: `"${use}"`,
    found: `${typeof make} instead of a function`,
    fix: 'Name the function that makes it from its options',
  });
}

/** Makes an extension that a recipe names. @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN` */
export const loadPart = async <T>({ use, options }: Part, from?: string): Promise<T> =>
  (await partMaker<T>(use, from))(options);

/** A plugin as a recipe names it: under a name of the run's, where it gives one. */
export interface PluginPart extends Part {
  readonly as?: string;
}

/** Makes a plugin that a recipe names. @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN` */
export async function loadPlugin(part: PluginPart, from?: string): Promise<Plugin> {
  const plugin = await loadPart<Plugin>(part, from);
  return part.as === undefined ? plugin : namedPlugin(part.as, plugin);
}

/** A part that may be known by a short name: made from a table, or loaded. */
export async function loadNamed<T>(
  named: string | Part,
  table: Readonly<Record<string, () => T>>,
  from?: string,
): Promise<T> {
  return typeof named === 'string' ? table[named]!() : loadPart<T>(named, from);
}

/** The entries of a table that a module exports. @throws KcrError `MODULE_LOAD` */
export async function tableOf<T>(
  module: string,
  table: string,
  from?: string,
): Promise<Record<string, T>> {
  return ((await importModule(module, from))[table] ?? {}) as Record<string, T>;
}

/** An entry of a table that a module exports. @throws KcrError `MODULE_LOAD`, and `code` where it is absent */
async function findIn<T>(
  { module, name }: { module: string; name: string },
  table: string,
  code: 'ARCHITECTURE_UNKNOWN' | 'HEAD_UNKNOWN' | 'ADAPTER_UNKNOWN' | 'MODEL_UNKNOWN',
  from?: string,
): Promise<T> {
  const entries = await tableOf<T>(module, table, from);
  if (Object.hasOwn(entries, name)) return entries[name]!;
  throw new KcrError(code, {
    where: `${module}, "${name}" in its export \`${table}\``,
    found: `it has ${Object.keys(entries).join(', ') || 'none'}`,
    fix: `Use ${nearest(name, Object.keys(entries), 1)[0] ?? 'another module'}, or install a version of the module that has it`,
  });
}

/** The architecture that a saved model names. @throws KcrError `MODULE_LOAD`, `ARCHITECTURE_UNKNOWN` */
export const findArchitecture = (
  module: string,
  name: string,
  from?: string,
): Promise<Architecture> => findIn({ module, name }, 'architectures', 'ARCHITECTURE_UNKNOWN', from);

/** What makes an architecture of a backbone. @throws KcrError `MODULE_LOAD`, `HEAD_UNKNOWN` */
export const findHead = (module: string, name: string, from?: string): Promise<MakeHead> =>
  findIn({ module, name }, 'heads', 'HEAD_UNKNOWN', from);

/** What makes the adapter that a saved model or a recipe names. @throws KcrError `MODULE_LOAD`, `ADAPTER_UNKNOWN` */
export const findAdapter = (module: string, name: string, from?: string): Promise<MakeAdapter> =>
  findIn({ module, name }, 'adapters', 'ADAPTER_UNKNOWN', from);

/** A model that another package lists in `models`. @throws KcrError `MODULE_LOAD`, `MODEL_UNKNOWN` */
export const findEntry = (module: string, name: string, from?: string): Promise<ModelEntry> =>
  findIn({ module, name }, 'models', 'MODEL_UNKNOWN', from);
