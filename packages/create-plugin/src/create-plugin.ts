import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KcrError } from '@kcr/core/ground';
import { type KindName, kindNames } from './kinds.ts';
import { type Names, namesOf, renamed, requireFree } from './names.ts';
import { packageFiles } from './package-files.ts';

/** What package to write. */
export interface CreatePluginOptions {
  readonly kind: KindName;
  /** Of the package, e.g. `centre-loss` or `@me/kcr-centre-loss`. */
  readonly name: string;
  /** Where it is written: a folder that is empty, or not there. Default: one named after the extension, in the process's. */
  readonly dir?: string;
}

/** What was written. */
export interface CreatedPlugin {
  readonly kind: KindName;
  readonly name: string;
  readonly dir: string;
  /** The path of the extension in it. */
  readonly source: string;
  /** Paths in `dir`. */
  readonly files: readonly string[];
}

const templates = fileURLToPath(new URL('../templates/', import.meta.url));

/** What a package will have in it, before anything is written. */
interface PlannedPlugin {
  readonly names: Names;
  readonly folder: string;
  /** Texts by their paths in it. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * All files of a package, so that what stands in the way is known while it can be asked for something else.
 *
 * @throws KcrError `OPTION` for a kind or a name that is none, `OUT_EXISTS` where the folder has files
 */
export function planPlugin({ kind, name, dir }: CreatePluginOptions): PlannedPlugin {
  if (!kindNames.includes(kind))
    throw new KcrError('OPTION', {
      where: 'create-plugin, kind',
      found: JSON.stringify(kind),
      fix: `Give one of ${kindNames.join(', ')}`,
    });
  const names = namesOf(name);
  const template = filesOf(join(templates, kind));
  for (const text of Object.values(template)) requireFree(names, text);
  const own = Object.fromEntries(
    Object.entries(template).map(([path, text]) => [renamed(path, names), renamed(text, names)]),
  );
  const folder = dir ?? names.kebab;
  requireEmpty(folder);
  return { names, folder, files: { ...packageFiles(kind, names, own['recipe.ts']!), ...own } };
}

/**
 * Writes a package with an extension: its sources, its tests, a recipe, and what is needed to publish it.
 *
 * @throws KcrError `OPTION` for a kind or a name that is none, `OUT_EXISTS` where the folder has files, `OUT_WRITE`
 */
export async function createPlugin(options: CreatePluginOptions): Promise<CreatedPlugin> {
  const { names, folder, files } = planPlugin(options);
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  } catch (cause) {
    throw new KcrError('OUT_WRITE', {
      where: folder,
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'Choose a folder that can be written to with --dir',
      cause,
    });
  }
  return {
    kind: options.kind,
    name: options.name,
    dir: folder,
    source: `src/${names.kebab}.ts`,
    files: Object.keys(files).sort(),
  };
}

/** The texts of a folder, by their paths in it with slashes. */
function filesOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    paths.map((path) => [
      path.slice(folder.length + 1).replaceAll('\\', '/'),
      readFileSync(path, 'utf8'),
    ]),
  );
}

/** @throws KcrError `OUT_EXISTS` for a file, and a folder with files */
function requireEmpty(folder: string): void {
  const found = entriesOf(folder);
  if (found.length > 0)
    throw new KcrError('OUT_EXISTS', {
      where: folder,
      found: found.slice(0, 3).join(', '),
      fix: 'Choose a folder that is empty, or not there, with --dir',
    });
}

/** What is in a folder; nothing where there is none. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : ['no folder'];
  }
}
