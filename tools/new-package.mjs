// Writes the files that are the same in every package: node tools/new-package.mjs NAME "DESCRIPTION" [DEP@RANGE ...]
import { mkdirSync, writeFileSync } from 'node:fs';

const [name, description, ...dependencies] = process.argv.slice(2);
const folder = new URL(`../packages/${name}/`, import.meta.url);
mkdirSync(new URL('src/', folder), { recursive: true });
const write = (file, value) =>
  writeFileSync(
    new URL(file, folder),
    typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`,
  );
write('package.json', {
  name: `@kcr/${name}`,
  version: '0.0.0',
  description,
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  files: ['dist', 'README.md', 'LICENSE'],
  publishConfig: { access: 'public' },
  scripts: {
    build: 'tsup',
    typecheck: 'tsc -p tsconfig.json',
    package: 'publint --strict && attw --pack . --profile esm-only',
  },
  dependencies: Object.fromEntries(
    dependencies.map((d) => [d.slice(0, d.lastIndexOf('@')), d.slice(d.lastIndexOf('@') + 1)]),
  ),
});
write('tsconfig.json', { extends: '../../tsconfig.base.json', include: ['src', 'tsup.config.ts'] });
write(
  'tsup.config.ts',
  "import { build } from '../../tools/tsup.base.ts';\n\nexport default build();\n",
);
