import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModelEntry } from '@kcr/backbones';
import {
  type Adapter,
  type Architecture,
  type Criterion,
  KcrError,
  type MakeAdapter,
  type MakeHead,
  type Plugin,
} from '@kcr/core';
import type { RecipePart } from './recipe.ts';

/** The modules that the command brings along, so that a recipe finds them from any folder. */
const bundled: Readonly<Record<string, () => Promise<object>>> = {
  '@kcr/backbones': () => import('@kcr/backbones'),
  '@kcr/criteria': () => import('@kcr/criteria'),
  '@kcr/detect': () => import('@kcr/detect'),
  '@kcr/ib-bound': () => import('@kcr/ib-bound'),
  '@kcr/lfc': () => import('@kcr/lfc'),
  '@kcr/masks': () => import('@kcr/masks'),
  '@kcr/nystrom': () => import('@kcr/nystrom'),
};

/** Imports a bundled module, a file (./x.mjs) or a package installed where the command runs. */
async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    if (bundled[module]) return (await bundled[module]()) as Record<string, unknown>;
    const here = resolve('package.json');
    const path = module.startsWith('.') ? resolve(module) : createRequire(here).resolve(module);
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    throw new KcrError('MODULE_LOAD', {
      where: `module "${module}"`,
      found: (cause as Error).message.split('\n')[0]!,
      fix: `Install it in this folder (npm install ${module}) or correct its name`,
      cause,
    });
  }
}

/**
 * What makes a plugin, an adapter or a criterion from its options, by `MODULE#EXPORT`.
 *
 * @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN`
 */
export async function partMaker<T extends Plugin | Adapter | Criterion>(
  use: string,
): Promise<(options: object) => T> {
  const at = use.lastIndexOf('#');
  const exports = await importModule(use.slice(0, at));
  const make = exports[use.slice(at + 1)];
  if (typeof make !== 'function')
    throw new KcrError('PLUGIN_UNKNOWN', {
      where: `"${use}"`,
      found: `no function of that name in ${use.slice(0, at)}`,
      fix: `It exports ${Object.keys(exports).join(', ')}`,
    });
  return make as (options: object) => T;
}

/** Makes a part that a recipe names. @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN` */
export const loadPart = async <T extends Plugin | Adapter | Criterion>({
  use,
  options,
}: RecipePart): Promise<T> => (await partMaker<T>(use))(options);

/** An entry of a table that a module exports. @throws KcrError `MODULE_LOAD`, and `code` where it is absent */
async function findIn<T>(module: string, table: string, name: string, code: string): Promise<T> {
  const entries = ((await importModule(module))[table] ?? {}) as Record<string, T>;
  const found = entries[name];
  if (found) return found;
  throw new KcrError(code, {
    where: `${module}, "${name}" in its export \`${table}\``,
    found: `it has ${Object.keys(entries).join(', ') || 'none'}`,
    fix: 'Use one of these, or install a version of the module that has it',
  });
}

/** The architecture that a saved model names. @throws KcrError `MODULE_LOAD`, `ARCHITECTURE_UNKNOWN` */
export const findArchitecture = (module: string, name: string): Promise<Architecture> =>
  findIn(module, 'architectures', name, 'ARCHITECTURE_UNKNOWN');

/** What makes a dense architecture of a backbone. @throws KcrError `MODULE_LOAD`, `HEAD_UNKNOWN` */
export const findHead = (module: string, name: string): Promise<MakeHead> =>
  findIn(module, 'heads', name, 'HEAD_UNKNOWN');

/** What makes the adapter that a saved model or a recipe names. @throws KcrError `MODULE_LOAD`, `ADAPTER_UNKNOWN` */
export const findAdapter = (module: string, name: string): Promise<MakeAdapter> =>
  findIn(module, 'adapters', name, 'ADAPTER_UNKNOWN');

/** A model that another package lists in `models`. @throws KcrError `MODULE_LOAD`, `MODEL_UNKNOWN` */
export const findEntry = (module: string, name: string): Promise<ModelEntry> =>
  findIn(module, 'models', name, 'MODEL_UNKNOWN');
