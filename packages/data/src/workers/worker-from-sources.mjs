// The entry of worker threads where the package runs from its sources: Node itself does not read these.
import { register } from 'tsx/esm/api';

register();
const { default: work } = await import('./worker.ts');
export default work;
