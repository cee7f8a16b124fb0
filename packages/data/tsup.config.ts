import { build } from '../../tools/tsup.base.ts';

// Worker threads run a file of their own.
export default build({ entry: { index: 'src/index.ts', worker: 'src/workers/worker.ts' } });
