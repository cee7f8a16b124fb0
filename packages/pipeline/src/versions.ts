import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Model } from '@kcr/core';
import { folderOf, isFile, moduleUrl } from './module-url.ts';
import { splitUse } from './modules.ts';

/** The packages that take part in every run. */
const always = ['@kcr/core', '@kcr/data', '@kcr/onnx', '@kcr/pipeline'];

/** The modules that a value of JSON names as `MODULE#EXPORT`. */
function modulesIn(value: unknown): string[] {
  if (typeof value === 'string') {
    const { module } = splitUse(value);
    return module && value.includes('#') ? [module] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(modulesIn);
}

/**
 * Versions of the packages that take part in a stage, by name; a module that is a file is known by its content.
 *
 * @param models their architectures, backbones and adapters are of packages
 * @param settings what else takes part, as JSON with parts named `MODULE#EXPORT`
 * @param from URL of the file that names them. Default: a file in the process's folder
 */
export async function versionsOf(
  models: readonly Model[],
  settings: unknown,
  from?: string,
): Promise<Record<string, string>> {
  const ofModels = models.flatMap(({ architecture: { module, backbone }, adapters }) => [
    module,
    ...(backbone ? [backbone.module] : []),
    ...adapters.map((a) => a.module),
  ]);
  const modules = [...new Set([...always, ...ofModels, ...modulesIn(settings)])].sort();
  const versions: Record<string, string> = {};
  for (const name of modules) versions[name] = (await versionOf(name, from)) ?? 'unknown';
  return versions;
}

/** The version of a package, or the digest of a file; nothing where there is neither. */
async function versionOf(module: string, from?: string): Promise<string | undefined> {
  if (isFile(module)) {
    const content = await readFile(fileURLToPath(moduleUrl(module, from))).catch(() => undefined);
    return content && createHash('sha256').update(content).digest('hex');
  }
  const name = module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
  // As modules are found: those that this package brings along, then those of the folder that names them.
  for (const start of [dirname(fileURLToPath(import.meta.url)), folderOf(from)])
    for (let folder = start; ; folder = dirname(folder)) {
      const path = join(folder, 'node_modules', name, 'package.json');
      const text = await readFile(path, 'utf8').catch(() => undefined);
      if (text !== undefined) return (JSON.parse(text) as { version?: string }).version;
      if (folder === dirname(folder)) break;
    }
  return undefined;
}
