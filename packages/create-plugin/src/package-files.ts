import { type Kind, type KindName, kinds } from './kinds.ts';
import type { Names } from './names.ts';
import { rangesOf } from './ranges.ts';

/** What every package has besides the sources of its kind, by path. */
export function packageFiles(kind: KindName, names: Names, recipe: string): Record<string, string> {
  return {
    'package.json': json(manifest(kinds[kind], names)),
    'tsconfig.json': json(TSCONFIG),
    'vitest.config.ts': VITEST,
    'README.md': readme(kinds[kind], names, recipe),
    LICENSE: license(names),
    '.gitignore': 'node_modules/\ndist/\nruns/\n',
    '.github/workflows/ci.yml': WORKFLOW,
  };
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

function manifest({ sample, peers = [], zod }: Kind, { package: name }: Names) {
  const needed = ['@kcr/core', ...peers];
  const development = ['@kcr/cli', '@kcr/onnx', '@kcr/pipeline', '@kcr/testing'];
  const tools = ['@types/node', 'tsup', 'typescript', 'vitest'];
  return {
    name,
    version: '0.1.0',
    description: sample[0]!.toUpperCase() + sample.slice(1),
    keywords: ['kcr-plugin', 'vision-transformer', 'model-compression'],
    license: 'SEE LICENSE IN LICENSE',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    files: ['dist'],
    scripts: {
      build: 'tsup src/index.ts --format esm --target node20 --dts --clean',
      typecheck: 'tsc --noEmit',
      test: 'vitest run',
      prepack: 'npm run build',
    },
    ...(zod ? { dependencies: rangesOf(['zod']) } : {}),
    peerDependencies: rangesOf(needed),
    devDependencies: rangesOf([...needed, ...development, ...tools]),
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'ESNext',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['src', 'recipe.ts', 'vitest.config.ts'],
};

const VITEST = `import { defineConfig } from 'vitest/config';

// The checks train small models: seconds, not milliseconds.
export default defineConfig({ test: { include: ['src/**/*.test.ts'], testTimeout: 60_000 } });
`;

const WORKFLOW = `name: CI
on:
  push:
    branches: [main]
  pull_request:
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        node: [20, 22, 24]
    env:
      ONNXRUNTIME_NODE_INSTALL: skip # the part for GPUs
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: \${{ matrix.node }}
      - run: npm install
      - run: npm run typecheck
      - run: npm test
      - run: npm run build
`;

const license = ({ package: name }: Names) => `${name} has no license yet: nobody else may use it.

Choose one (https://choosealicense.com), put its text here in place of this one, and its name into the field "license" of
package.json, such as "MIT" or "Apache-2.0". The packages of @kcr are under Apache-2.0.
`;

const FOLDERS = '`train` and `test`, each with a folder of images for each class';

const readme = (
  { sample, peers = [], images = FOLDERS }: Kind,
  { package: name, kebab }: Names,
  recipe: string,
) => `# ${name}

For the [@kcr packages](https://www.npmjs.com/package/@kcr/cli), which compress vision transformers: ${sample}.

\`\`\`sh
ONNXRUNTIME_NODE_INSTALL=skip npm install ${name} ${['@kcr/core', ...peers, '@kcr/cli'].join(' ')}
\`\`\`

A recipe that uses it:

\`\`\`ts
${recipe.trim()}
\`\`\`

\`\`\`sh
npx kcr compress recipe.ts --data images --out runs/${kebab}
\`\`\`

\`images\` has ${images}.

## Development

\`\`\`sh
ONNXRUNTIME_NODE_INSTALL=skip npm install
npm test                         # src/${kebab}.test.ts: the checks of @kcr/testing
npm run typecheck
npm run build                    # recipe.ts names the package, so its sources are built first
npx kcr inspect recipe.ts --data images
\`\`\`
`;
