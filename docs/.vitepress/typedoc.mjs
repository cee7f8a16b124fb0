// TypeDoc's options for the API reference: one page for each package, and for each room of core.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { titles } from './rooms.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const packages = readdirSync(`${root}packages`).sort();
const core = JSON.parse(readFileSync(`${root}packages/core/package.json`, 'utf8'));
const home = core.repository.url.replace(/^git\+|\.git$/g, '');

/** @type {Partial<import('typedoc').TypeDocOptions> & Partial<import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  entryPoints: packages.map((name) => `${root}packages/${name}/src/index.ts`),
  tsconfig: `${root}tsconfig.base.json`,
  skipErrorChecking: true, // `npm run typecheck` does
  readme: 'none',
  out: `${root}docs/api`,
  cleanOutputDir: true,
  plugin: ['typedoc-plugin-markdown', `${root}docs/.vitepress/typedoc-pages.mjs`],
  router: 'module',
  excludeInternal: true,
  excludePrivate: true,
  // `tf` is TensorFlow.js as it is.
  excludeExternals: true,
  disableGit: true,
  sourceLinkTemplate: `${home}/blob/main/{path}#L{line}`,
  basePath: root,
  treatWarningsAsErrors: true,
  logLevel: 'Warn',
  entryFileName: 'index',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  hideGroupHeadings: false,
  useCodeBlocks: false,
  expandParameters: false,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  enumMembersFormat: 'table',
  propertyMembersFormat: 'table',
  tableColumnSettings: {
    hideInherited: true,
    hideModifiers: true,
    hideOverrides: true,
    hideSources: true,
  },
  pageTitleTemplates: {
    index: 'API',
    module: ({ name }) => (name in titles ? `@kcr/core: ${titles[name]}` : `@kcr/${name}`),
  },
  sanitizeComments: true,
};
