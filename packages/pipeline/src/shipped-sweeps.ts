import { fileURLToPath } from 'node:url';

/** The folder of this package's sweeps, beside its sources and beside what is built of them. */
const folder = new URL('../sweeps/', import.meta.url);

const sweep = (name: string) => [name, fileURLToPath(new URL(`${name}.mjs`, folder))] as const;

/** The files of the sweeps that come along, by name. */
export const shippedSweeps: Readonly<Record<string, string>> = Object.fromEntries(
  ['kcr-imagenet', 'kcr-eurosat'].map(sweep),
);
