// What every package.json says alike: tools/new-package.mjs writes it, and `npm run references` keeps it so.

const repository = 'https://github.com/kcr-toolkit/kcr';

/** Keywords that every package has; each adds its own. */
const keywords = ['vision-transformer', 'model-compression', 'pruning', 'typescript'];

/** What some packages have in them besides. @type {Record<string, string[]>} */
const besides = { 'create-plugin': ['templates'], pipeline: ['sweeps'] };

/**
 * Fields of package.json. Provenance needs `repository`; that a release is made with it is said where it is made, since it
 * cannot be elsewhere.
 *
 * @param {string} name the package's, without the scope
 * @param {readonly string[]} [own] keywords besides
 */
export const fieldsOf = (name, own = []) => ({
  keywords: [...new Set([...keywords, ...own])],
  homepage: `${repository}/tree/main/packages/${name}#readme`,
  bugs: { url: `${repository}/issues` },
  repository: { type: 'git', url: `git+${repository}.git`, directory: `packages/${name}` },
  license: 'Apache-2.0',
  type: 'module',
  engines: { node: '>=20.19' },
  files: ['dist', ...(besides[name] ?? []), 'README.md', 'CHANGELOG.md', 'LICENSE'],
  publishConfig: { access: 'public' },
  scripts: {
    build: 'tsup',
    // Nothing is packed that was not built from what is here; what is built already is taken from the cache.
    prepack: 'nx build',
  },
});
