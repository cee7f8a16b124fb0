import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { type DefaultTheme, defineConfig, type MarkdownOptions } from 'vitepress';
import { diagrams } from './diagrams.ts';
import { home, linkFrom, pageOf, root } from './repository.ts';
import { titles } from './rooms.mjs';

type Item = DefaultTheme.SidebarItem;

/** A group of the sidebar: what its pages are called, by their paths. */
const group = (text: string, pages: Readonly<Record<string, string>>, collapsed = false): Item => ({
  text,
  collapsed,
  items: Object.entries(pages).map(([page, title]) => ({ link: `/${page}`, text: title })),
});

const packages = readdirSync(`${root}packages`).sort();
const named = (place: string, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`${place}/${name}`, `@kcr/${name}`]));

/** The reference has a page for each room of core, and one for each of the other packages. */
const others = packages.filter((name) => name !== 'core');
const rooms = Object.fromEntries(
  Object.entries(titles).map(([room, title]) => [`api/core/${room}`, `@kcr/core: ${title}`]),
);

const sidebar: Item[] = [
  group('First steps', {
    start: 'Your own images',
    typescript: 'From TypeScript',
  }),
  group('Methods', {
    kcr: 'KCR',
    dcs: 'DCS',
    lfc: 'VTC-LFC and other pruning',
    dense: 'Dense tasks',
    compared: 'Compared with',
  }),
  group('Recipes and models', {
    recipes: 'Recipes',
    backbones: 'Backbones and weights',
    inputs: 'From a file to an input',
    export: 'Exports',
  }),
  group('Results', {
    results: 'Results',
    claims: 'Claims that were tested',
    benchmarks: 'Benchmarks',
  }),
  group('Reference', {
    errors: 'Errors',
    reliability: 'Reliability',
    architecture: 'Architecture',
    security: 'Security',
    contributing: 'Contributing',
  }),
  group('Packages', named('packages', packages), true),
  group('API', { 'api/': 'All packages', ...rooms, ...named('api', others) }, true),
];

/** Links that files of the repository have to each other lead to pages, or to the repository. */
const linked: NonNullable<MarkdownOptions['config']> = (md) => {
  const parse = md.parse.bind(md);
  md.parse = (text, env) => {
    const from = posix.relative(root, env.realPath ?? env.path);
    const tokens = parse(text, env);
    // What TypeDoc writes has links between pages.
    if (!from.startsWith('docs/api/'))
      for (const token of tokens.flatMap(({ children }) => children ?? [])) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null;
        if (href && !/^([a-z]+:|#|\/)/.test(href)) token.attrSet('href', linkFrom(from, href));
      }
    return tokens;
  };
};

export default defineConfig({
  title: '@kcr',
  description: 'TypeScript packages that compress vision transformers',
  srcDir: '..',
  srcExclude: ['tools/**', '**/fixtures/**', 'README.md', '.*/**', 'packages/*/!(README).md'],
  rewrites: (file) => pageOf(file) ?? file,
  outDir: '.vitepress/dist',
  cacheDir: '.vitepress/cache',
  cleanUrls: true,
  lastUpdated: false,
  metaChunk: true,
  buildEnd({ pages }) {
    const linked = sidebar.flatMap(({ items = [] }) => items.map(({ link = '' }) => link));
    const built = new Set(pages.map((page) => `/${pageOf(page)?.replace(/(index)?\.md$/, '')}`));
    const missing = linked.filter((link) => !built.has(link));
    if (missing.length > 0) throw new Error(`In the sidebar, and no pages: ${missing.join(', ')}`);
  },
  vite: { build: { chunkSizeWarningLimit: 2000 } }, // a page of the API is a chunk
  markdown: {
    config(md) {
      linked(md);
      diagrams(md);
    },
  },
  themeConfig: {
    sidebar,
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'API', link: '/api/' },
      { text: 'Results', link: '/results' },
    ],
    search: { provider: 'local' },
    socialLinks: home ? [{ icon: 'github', link: home }] : [],
    footer: { message: 'Apache-2.0' },
  },
});
