import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModelEntry } from '@kcr/backbones';
import { type Architecture, KcrError, type MakeAdapter, type MakeHead, messageOf } from '@kcr/core';
import { resolve as resolveImport } from 'import-meta-resolve';

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
  '@kcr/pretrained': () => import('@kcr/pretrained'),
};

/** An extension as a recipe names it: `MODULE#EXPORT`, and what it is made with. */
export interface Part {
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Whether a module comes along with this package. */
export const isBundled = (module: string): boolean => Object.hasOwn(bundled, module);

/** Where Node would import a module from that a file in the process's folder names. */
const urlOf = (module: string): string =>
  module.startsWith('.') || isAbsolute(module)
    ? pathToFileURL(resolve(module)).href
    : resolveImport(module, pathToFileURL(resolve('package.json')).href);

/** Imports a bundled module, a file (./x.mjs) or a package installed where the process runs. */
async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    if (isBundled(module)) return (await bundled[module]!()) as Record<string, unknown>;
    return await import(urlOf(module));
  } catch (cause) {
    throw new KcrError('MODULE_LOAD', {
      where: `module "${module}"`,
      found: messageOf(cause).split('\n')[0]!,
      fix: `Install it in this folder (npm install ${module}) or correct its name`,
      cause,
    });
  }
}

/** URL and name of what `MODULE#EXPORT` names, by which other threads import it; none of modules that come along. */
export function exportOf(use: string): { module: string; name: string } | undefined {
  const at = use.lastIndexOf('#');
  const module = use.slice(0, at);
  return isBundled(module) ? undefined : { module: urlOf(module), name: use.slice(at + 1) };
}

/** What `MODULE#EXPORT` names. @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN` */
export async function importExport(use: string): Promise<unknown> {
  const at = use.lastIndexOf('#');
  const exports = await importModule(use.slice(0, at));
  const name = use.slice(at + 1);
  if (Object.hasOwn(exports, name)) return exports[name];
  throw new KcrError('PLUGIN_UNKNOWN', {
    where: `"${use}"`,
    found: `nothing of that name in ${use.slice(0, at)}`,
    fix: `It exports ${Object.keys(exports).join(', ')}`,
  });
}

/**
 * What makes an extension (a plugin, an adapter, a criterion, ...) from its options.
 *
 * @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN`
 */
export async function partMaker<T>(use: string): Promise<(options: object) => T> {
  const make = await importExport(use);
  if (typeof make === 'function') return make as (options: object) => T;
  throw new KcrError('PLUGIN_UNKNOWN', {
    where: `"${use}"`,
    found: `${typeof make} instead of a function`,
    fix: 'Name the function that makes it from its options',
  });
}

/** Makes an extension that a recipe names. @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN` */
export const loadPart = async <T>({ use, options }: Part): Promise<T> =>
  (await partMaker<T>(use))(options);

/** A part that may be known by a short name: made from a table, or loaded. */
export async function loadNamed<T>(
  named: string | Part,
  table: Readonly<Record<string, () => T>>,
): Promise<T> {
  return typeof named === 'string' ? table[named]!() : loadPart<T>(named);
}

/** The entries of a table that a module exports. @throws KcrError `MODULE_LOAD` */
export async function tableOf<T>(module: string, table: string): Promise<Record<string, T>> {
  return ((await importModule(module))[table] ?? {}) as Record<string, T>;
}

/** An entry of a table that a module exports. @throws KcrError `MODULE_LOAD`, and `code` where it is absent */
async function findIn<T>(
  { module, name }: { module: string; name: string },
  table: string,
  code: 'ARCHITECTURE_UNKNOWN' | 'HEAD_UNKNOWN' | 'ADAPTER_UNKNOWN' | 'MODEL_UNKNOWN',
): Promise<T> {
  const entries = await tableOf<T>(module, table);
  if (Object.hasOwn(entries, name)) return entries[name]!;
  throw new KcrError(code, {
    where: `${module}, "${name}" in its export \`${table}\``,
    found: `it has ${Object.keys(entries).join(', ') || 'none'}`,
    fix: 'Use one of these, or install a version of the module that has it',
  });
}

/** The architecture that a saved model names. @throws KcrError `MODULE_LOAD`, `ARCHITECTURE_UNKNOWN` */
export const findArchitecture = (module: string, name: string): Promise<Architecture> =>
  findIn({ module, name }, 'architectures', 'ARCHITECTURE_UNKNOWN');

/** What makes an architecture of a backbone. @throws KcrError `MODULE_LOAD`, `HEAD_UNKNOWN` */
export const findHead = (module: string, name: string): Promise<MakeHead> =>
  findIn({ module, name }, 'heads', 'HEAD_UNKNOWN');

/** What makes the adapter that a saved model or a recipe names. @throws KcrError `MODULE_LOAD`, `ADAPTER_UNKNOWN` */
export const findAdapter = (module: string, name: string): Promise<MakeAdapter> =>
  findIn({ module, name }, 'adapters', 'ADAPTER_UNKNOWN');

/** A model that another package lists in `models`. @throws KcrError `MODULE_LOAD`, `MODEL_UNKNOWN` */
export const findEntry = (module: string, name: string): Promise<ModelEntry> =>
  findIn({ module, name }, 'models', 'MODEL_UNKNOWN');
