// A process that runs a stage to its end, if it is let: kill-run.ts STAGE INPUTS OUT.
import { type StageName, stages } from './stages.ts';

const [name, inputs, out] = process.argv.slice(2) as [StageName, string, string];
process.send?.('started');
await stages[name](inputs, out);
process.disconnect?.();
