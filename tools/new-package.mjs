// Writes the files that are the same in every package: node tools/new-package.mjs NAME "DESCRIPTION" [DEP@RANGE ...]
// What the package may import stands in tools/boundaries/boundaries.mjs before.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packages } from './boundaries/boundaries.mjs';
import { fieldsOf } from './package-fields.mjs';

const [name = '', description, ...dependencies] = process.argv.slice(2);
if (!(name in packages)) {
  console.error(`First say in tools/boundaries/boundaries.mjs what ${name} may import.`);
  process.exit(1);
}
const folder = new URL(`../packages/${name}/`, import.meta.url);
mkdirSync(new URL('src/', folder), { recursive: true });

/** @param {string} file @param {string | object} content */
const write = (file, content) =>
  writeFileSync(
    new URL(file, folder),
    typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`,
  );
const { keywords, homepage, bugs, repository, license, type, engines, ...rest } = fieldsOf(name);
write('package.json', {
  name: `@kcr/${name}`,
  version: '0.0.0',
  description,
  keywords,
  homepage,
  bugs,
  repository,
  license,
  type,
  sideEffects: false,
  engines,
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  ...rest,
  dependencies: Object.fromEntries(
    dependencies.map((d) => [d.slice(0, d.lastIndexOf('@')), d.slice(d.lastIndexOf('@') + 1)]),
  ),
});
write('tsconfig.json', { extends: '../../tsconfig.package.json' });
write(
  'tsup.config.ts',
  "import { build } from '../../tools/tsup.base.ts';\n\nexport default build();\n",
);
copyFileSync(new URL('../LICENSE', import.meta.url), new URL('LICENSE', folder));
execFileSync(process.execPath, [fileURLToPath(new URL('references.mjs', import.meta.url))]);
