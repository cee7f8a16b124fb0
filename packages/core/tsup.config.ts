import { readFileSync } from 'node:fs';
import { build } from '../../tools/tsup.base.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

export default build({
  entry: ['src/index.ts', 'src/ground.ts'],
  define: { KCR_CORE_VERSION: JSON.stringify(version) },
});
