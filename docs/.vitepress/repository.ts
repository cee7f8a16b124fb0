import { existsSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root on disk, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

const core = JSON.parse(readFileSync(`${root}packages/core/package.json`, 'utf8'));

/** Where people read the repository, as the packages say it. */
export const home: string = core.repository.url.replace(/^git\+|\.git$/g, '');

/** Markdown files of the repository that are pages, and the pages' paths. The rest of `docs` keeps its path. */
const others: Readonly<Record<string, string>> = {
  'SECURITY.md': 'security.md',
  'CONTRIBUTING.md': 'contributing.md',
  'RELEASING.md': 'releasing.md',
  'CODE_OF_CONDUCT.md': 'conduct.md',
};

/** The page that a file is, e.g. `packages/core.md` for `packages/core/README.md`; `undefined` where it is none. */
export function pageOf(file: string): string | undefined {
  if (file === 'README.md') return 'index.md';
  const [, name] = /^packages\/([^/]+)\/README\.md$/.exec(file) ?? [];
  if (name) return `packages/${name}.md`;
  return others[file] ?? /^docs\/(.+\.md)$/.exec(file)?.[1];
}

/**
 * What a relative link in a file of the repository is on the site: the page that the file is, or its place in the repository.
 *
 * @param from the file that has the link, relative to the root
 * @throws Error where there is no such file
 */
export function linkFrom(from: string, link: string): string {
  const [path = '', anchor] = link.split('#');
  const target = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, '');
  // Written by TypeDoc, and checked as a page.
  const written = target.startsWith('docs/api/');
  if (!written && !existsSync(root + target))
    throw new Error(`${from}: there is no ${target}, to which it links`);
  const folder = !written && statSync(root + target).isDirectory();
  const page = pageOf(folder ? `${target}/README.md` : target);
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (page) return `/${page}${hash}`;
  return `${home}/${folder ? 'tree' : 'blob'}/main/${target}${hash}`;
}
