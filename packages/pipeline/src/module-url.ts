import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveImport } from 'import-meta-resolve';

/** Whether a module's name is a path or the URL of a file, and not a package's. */
export const isFile = (module: string): boolean =>
  module.startsWith('.') || isAbsolute(module) || module.startsWith('file:');

/** The folder that a name of a module is looked up from. @param from URL of the file that has the name */
export const folderOf = (from?: string): string =>
  from === undefined ? process.cwd() : dirname(fileURLToPath(from));

/**
 * Where Node would import a module from, by the rules of ES modules.
 *
 * @param from URL of the file that names it. Default: a file in the process's folder
 * @throws Error as Node's where there is no such package, or it exports nothing of that name
 */
export function moduleUrl(module: string, from?: string): string {
  if (module.startsWith('file:')) return module;
  if (isFile(module)) return pathToFileURL(resolve(folderOf(from), module)).href;
  return resolveImport(module, from ?? pathToFileURL(resolve('package.json')).href);
}
