import { defineConfig, type Options } from 'tsup';

/** The one build every package shares: ESM, declarations, source maps, nothing bundled from node_modules. */
export const build = (options: Options = {}) =>
  defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node20',
    dts: { compilerOptions: { paths: {}, composite: false, declarationMap: false } },
    sourcemap: true,
    clean: true,
    ...options,
  });
