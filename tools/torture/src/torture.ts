// npm run torture -- [--seed N] [--minutes M] [--jobs J] [--only NAME,...] [--case I] [--out FILE] [--json]: damaged files for
// every reader, and runs that are killed, lose power, are refused by their disk, or have a rival; exit 1 where one fails.
// The files of failures are left in runs/torture. NAME is a target or one of readers, kills, crashes, refusals, processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { bundle } from './bundle.ts';

// Each run has a bundle of its own: another one may begin while this goes on.
const folder = await bundle(`kcr-torture-${process.pid}`);
const main = `${folder}/main.mjs`;
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
const [code] = (await once(child, 'close')) as [number | null];
await rm(folder, { recursive: true, force: true });
process.exitCode = code ?? 1;
