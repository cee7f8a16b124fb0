import { createHash } from 'node:crypto';

/** What a function that was made from options is known by: a run with another one is another run. */
export interface Description {
  readonly name: string;
  readonly options?: object;
}

/** Where any thread finds what makes a function: an export of a module, called with options that are plain data. */
export interface PortablePart {
  /** URL of the module. Default: this package. */
  readonly module?: string;
  readonly name: string;
  readonly options: object;
}

/** A function that says what it was made with. */
export interface Described {
  readonly description?: Description;
  /** By this worker threads make it again; without it, it is called in the thread that it was made in. */
  readonly portable?: PortablePart;
}

/** Says of a function what it was made with. */
export const described = <F extends (...args: never[]) => unknown>(
  name: string,
  options: object,
  change: F,
): F & Described => Object.assign(change, { description: { name, options } });

/** {@link described}, of one of this package's changes, which worker threads make again. */
export const portable = <F extends (...args: never[]) => unknown>(
  name: string,
  options: object,
  change: F,
): F & Described =>
  Object.assign(described(name, options, change), {
    contract: 1,
    portable: { name, options },
  } as const);

/** What a function says that it was made with, as JSON; one that says nothing is known by its name and its text. */
export function descriptionOf(change: ((...args: never[]) => unknown) & Described): Description {
  if (change.description) return change.description;
  const text = createHash('sha256').update(change.toString()).digest('hex');
  return { name: change.name || 'unnamed', options: { text } };
}
