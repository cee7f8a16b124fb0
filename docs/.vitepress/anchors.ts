import { readdirSync, readFileSync } from 'node:fs';

const pathOf = (file: string) =>
  `/${file.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`;

/**
 * Links of the built pages to a place in a page that is not there, as `page: link`; VitePress looks for pages alone.
 *
 * @param base the path that the site is served from
 */
export function deadAnchors(outDir: string, base: string): string[] {
  const files = readdirSync(outDir, { recursive: true, encoding: 'utf8' });
  const pages = files
    .filter((file) => file.endsWith('.html'))
    .map((file) => ({ path: pathOf(file), text: readFileSync(`${outDir}/${file}`, 'utf8') }));
  const places = new Map(
    pages.map(({ path, text }) => [
      path,
      new Set(Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id]) => id)),
    ]),
  );
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(/href="([^"#]*)#([^"]+)"/g)].flatMap(([, link = '', id = '']) => {
      if (/^[a-z]+:/.test(link)) return [];
      const local = link.startsWith(base) ? `/${link.slice(base.length)}` : link;
      const target = local ? new URL(local, `http://site${path}`).pathname : path;
      const there = places.get(target)?.has(decodeURIComponent(id));
      return there ? [] : [`${path}: ${link}#${id}`];
    }),
  );
}
