import { fileURLToPath } from 'node:url';

/** The folder of this package's sweeps, beside its sources and beside what is built of them. */
const folder = new URL('../sweeps/', import.meta.url);

const file = (name: string) => fileURLToPath(new URL(`${name}.mjs`, folder));

/** The files of the sweeps that come along, by name. */
export const shippedSweeps = {
  'kcr-imagenet': file('kcr-imagenet'),
  'kcr-eurosat': file('kcr-eurosat'),
  'lambda-eurosat': file('lambda-eurosat'),
  'lfc-imagenet': file('lfc-imagenet'),
  'lfs-eurosat': file('lfs-eurosat'),
};

/** The name of a sweep that comes along. */
export type ShippedSweep = keyof typeof shippedSweeps;

/** Whether a text is such a name. */
export const isShippedSweep = (name: string): name is ShippedSweep =>
  Object.hasOwn(shippedSweeps, name);
