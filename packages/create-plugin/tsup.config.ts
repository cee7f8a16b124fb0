import { fileURLToPath } from 'node:url';
import { build } from '../../tools/tsup.base.ts';

export default build({
  entry: ['src/index.ts', 'src/bin.ts'],
  // `npm create` downloads this package alone: the errors are core's, built in, without what they stand beside.
  noExternal: ['@kcr/core'],
  esbuildOptions(esbuild) {
    esbuild.sourcesContent = false;
    esbuild.alias = {
      '@kcr/core/ground': fileURLToPath(new URL('../core/src/ground/error.ts', import.meta.url)),
    };
  },
});
