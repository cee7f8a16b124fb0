import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { makeFolder, writeAtomic } from '@kcr/core/internal';
import { browserFiles } from './browser-files.ts';
import type { PageContent } from './content.ts';
import { GENERATOR, pageHtml } from './page-html.ts';
import { runtimeFiles } from './runtime-files.ts';

/** Everything that a page is made of. */
export interface Page extends PageContent {
  /** The content of the models', maps' and images' files, by their paths. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/**
 * Checks that a folder is new, empty or a page that is to be written anew.
 *
 * @throws KcrError `OUT_EXISTS` where it has files of something else
 */
export async function requirePageFolder(folder: string): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  if (found.length === 0) return;
  const index = await readFile(join(folder, 'index.html'), 'utf8').catch(() => '');
  if (index.includes(`<meta name="generator" content="${GENERATOR} `)) return;
  throw new KcrError('OUT_EXISTS', {
    where: folder,
    found: `files that are no page of kcr: ${found.slice(0, 3).join(', ')}`,
    fix: 'Choose a new or empty folder',
  });
}

/**
 * Writes a page into a folder that any static web server can serve: `index.html`, its scripts, ONNX Runtime under `ort/`, and
 * the models and images.
 *
 * @returns bytes of all files, and the path of `index.html`
 * @throws KcrError `OUT_EXISTS`, `OUT_WRITE`
 */
export async function writePage(
  folder: string,
  { files, ...content }: Page,
): Promise<{ index: string; bytes: number }> {
  await requirePageFolder(folder);
  const scripts = await browserFiles();
  let bytes = 0;
  const write = async (path: string, data: Uint8Array | string) => {
    const file = join(folder, path);
    await makeFolder(join(file, '..'));
    await writeAtomic(file, data);
    bytes += data.length;
  };
  for (const [name, from] of runtimeFiles()) await write(`ort/${name}`, await readFile(from));
  for (const [path, data] of Object.entries({ ...scripts, ...files })) await write(path, data);
  // Last, so that a page that is there has all its parts.
  await write('index.html', pageHtml(content));
  return { index: join(folder, 'index.html'), bytes };
}
