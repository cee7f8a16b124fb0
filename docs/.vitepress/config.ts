import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { type DefaultTheme, defineConfig, type MarkdownOptions } from 'vitepress';
import { deadAnchors } from './anchors.ts';
import { diagrams } from './diagrams.ts';
import { home, linkFrom, pageOf, root } from './repository.ts';
import { titles } from './rooms.mjs';

type Item = DefaultTheme.SidebarItem;

/** A group of the sidebar: what its pages are called, by their paths. */
const group = (text: string, pages: Readonly<Record<string, string>>): Item => ({
  text,
  collapsed: false,
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
    glossary: 'Glossary',
    engines: 'Engines',
    gpu: 'GPU',
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
    sweeps: 'Sweeps',
    backbones: 'Backbones and weights',
    inputs: 'From a file to an input',
    export: 'Exports',
  }),
  group('Extending', {
    'extending/first': 'Your first extension',
    'extending/': 'What an extension is',
    'extending/regulariser': 'Regulariser',
    'extending/search-mask': 'Search mask',
    'extending/criterion': 'Criterion',
    'extending/allocator': 'Allocator',
    'extending/schedule': 'Schedule',
    'extending/adapter': 'Adapter',
    'extending/token-selector': 'Token selector',
    'extending/backbone': 'Backbone',
    'extending/head': 'Head and task',
    'extending/optimiser': 'Optimiser',
    'extending/data': 'Data',
    compatibility: 'Compatibility',
  }),
  group('Results', {
    results: 'Results',
    claims: 'Claims that were tested',
    benchmarks: 'Benchmarks',
    scale: 'Scale',
  }),
  group('Reference', {
    errors: 'Errors',
    reliability: 'Reliability',
    architecture: 'Architecture',
    security: 'Security',
    contributing: 'Contributing',
    releasing: 'Releasing',
    conduct: 'Code of conduct',
  }),
];

const reference: Item[] = [
  group('API', { 'api/': 'All packages', ...rooms, ...named('api', others) }),
  group('Packages', named('packages', packages)),
];

/** Links that files of the repository have to each other lead to pages, or to the repository. */
const linked: NonNullable<MarkdownOptions['config']> = (md) => {
  const parse = md.parse.bind(md);
  md.parse = (text, env) => {
    const from = posix.relative(root, env.realPath ?? env.path);
    const tokens = parse(text, env);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (!href || /^([a-z]+:|\/)/.test(href)) continue;
      // TypeDoc's links are to pages already. It keeps `_` in the places of constants, where VitePress writes `-`.
      if (from.startsWith('docs/api/'))
        token.attrSet(
          'href',
          href.replace(/#(?!property-|type-)[^#]+$/, (id) => id.replaceAll('_', '-')),
        );
      else if (!href.startsWith('#')) token.attrSet('href', linkFrom(from, href));
    }
    return tokens;
  };
};

export default defineConfig({
  title: '@kcr',
  description: 'TypeScript packages that compress vision transformers',
  base: process.env.DOCS_BASE ?? '/', // where it is served from
  srcDir: '..',
  srcExclude: [
    'tools/**',
    'examples/**',
    '**/fixtures/**',
    'README.md',
    '.*/**',
    'packages/*/!(README).md',
  ],
  rewrites: (file) => pageOf(file) ?? file,
  outDir: '.vitepress/dist',
  cacheDir: '.vitepress/cache',
  cleanUrls: true,
  lastUpdated: false,
  metaChunk: true,
  buildEnd({ pages, outDir, site }) {
    const linked = [...sidebar, ...reference].flatMap(({ items = [] }) =>
      items.map(({ link = '' }) => link),
    );
    const built = new Set(pages.map((page) => `/${pageOf(page)?.replace(/(index)?\.md$/, '')}`));
    const missing = linked.filter((link) => !built.has(link));
    if (missing.length > 0) throw new Error(`In the sidebar, and no pages: ${missing.join(', ')}`);
    const dead = deadAnchors(outDir, site.base);
    if (dead.length > 0) throw new Error(`Links to places that are not there:\n${dead.join('\n')}`);
  },
  vite: { build: { chunkSizeWarningLimit: 2000 } }, // a page of the API is a chunk
  markdown: {
    config(md) {
      linked(md);
      diagrams(md);
    },
  },
  themeConfig: {
    sidebar: { '/': sidebar, '/api/': reference, '/packages/': reference },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Extending', link: '/extending/' },
      { text: 'API', link: '/api/' },
      { text: 'Results', link: '/results' },
    ],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: home }],
    footer: { message: 'Apache-2.0' },
  },
});
