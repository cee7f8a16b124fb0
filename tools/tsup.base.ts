import { defineConfig, type Options } from 'tsup';

/**
 * The one build every package shares: ESM, declarations, source maps, nothing bundled from node_modules. Maps say the line of
 * the source, for stacks (`node --enable-source-maps`), and not its text: with it they would be more than half of a package.
 */
export const build = (options: Options = {}) =>
  defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node20',
    dts: { compilerOptions: { paths: {}, composite: false, declarationMap: false } },
    sourcemap: true,
    esbuildOptions(esbuild) {
      esbuild.sourcesContent = false;
    },
    clean: true,
    ...options,
  });
