import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The page's scripts, by name. */
export type BrowserFiles = Readonly<Record<'page.js' | 'worker.js', string>>;

/** The page's scripts: they are built beside this package; where it runs from its sources they are bundled when they are asked for. */
export async function browserFiles(): Promise<BrowserFiles> {
  const sources = new URL('../bundle.mjs', import.meta.url);
  const built = (name: string) => new URL(`./browser/${name}`, import.meta.url);
  if (!existsSync(built('worker.js'))) return (await import(sources.href)).bundle();
  const read = (name: string) => readFile(built(name), 'utf8');
  return { 'page.js': await read('page.js'), 'worker.js': await read('worker.js') };
}
