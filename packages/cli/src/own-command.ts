import { fileURLToPath } from 'node:url';

/** Whether this is a file of the sources: what is built has another end. */
const isSource = import.meta.url.endsWith('.ts');

/** Node and what it is given to run this command in another process, before the command's own arguments. */
export const ownCommand: readonly string[] = isSource
  ? [process.execPath, '--import', 'tsx', fileURLToPath(new URL('./bin.ts', import.meta.url))]
  : [process.execPath, fileURLToPath(new URL('./bin.js', import.meta.url))];
