import { build } from '../../tools/tsup.base.ts';

export default build({ entry: ['src/index.ts', 'src/ground.ts'] });
