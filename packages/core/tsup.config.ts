import { readFileSync } from 'node:fs';
import { build } from '../../tools/tsup.base.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

export default build({
  entry: ['src/index.ts', 'src/ground.ts', 'src/internal.ts'],
  splitting: true, // what the entries share is one module, and its state with it
  define: { KCR_CORE_VERSION: JSON.stringify(version) },
});
