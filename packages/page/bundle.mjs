// Bundles what runs in the browser from the sources of the packages: tsup.config.ts writes it beside the built package, and
// src/browser-files.ts asks for it where there is none.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url);
/** What is bundled besides the toolkit: pure functions alone. */
const BUNDLED = /^(d3-|pure-rand)/;

/** What is not bundled is dropped where nothing is used of it; what is used after all is found below. @type {import('esbuild').Plugin} */
const nothingOfNode = {
  name: 'nothing-of-node',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@kcr/') || BUNDLED.test(path)
        ? undefined
        : { path, external: true, sideEffects: false },
    );
  },
};

/** @param {string} name @param {import('esbuild').Format} format */
async function bundled(name, format) {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`src/browser/${name}.ts`, here))],
    absWorkingDir: fileURLToPath(here),
    tsconfig: fileURLToPath(new URL('tsconfig.json', here)),
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format,
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    plugins: [nothingOfNode],
  });
  const left = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ kind }) => kind === 'import-statement'),
  );
  if (left.length > 0)
    throw new Error(`${name}.js would import ${left.map(({ path }) => path).join(', ')}`);
  return /** @type {string} */ (outputFiles[0]?.text);
}

/** The scripts by name. */
export const bundle = async () => ({
  // A classic script runs where the page is opened as a file too, and says there what to do.
  'page.js': await bundled('page', 'iife'),
  'worker.js': await bundled('worker', 'esm'),
});
