import { createHash } from 'node:crypto';
import type { NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { checkDepth } from '../ground/json.ts';

/** Arrays by name. */
type Arrays = Readonly<Record<string, NdArray>>;

/** JSON with the checksum of itself and of the arrays that it goes with. */
export type Sealed<T extends object> = T & { readonly checksum: string };

/** SHA-256 of JSON, and of names, types, shapes and values in the order of the names, as hexadecimal text. */
function checksumOf(value: object, arrays: Arrays): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(value));
  for (const name of Object.keys(arrays).sort()) {
    const { dtype, shape, data } = arrays[name]!;
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** Adds the checksum by which {@link unseal} knows that nothing has changed since. */
export function seal<T extends object>(value: T, arrays: Arrays = {}): Sealed<T> {
  const json = JSON.parse(JSON.stringify(value)) as T;
  return { ...json, checksum: checksumOf(json, arrays) };
}

/**
 * What was sealed, without its checksum.
 *
 * @param path the file that it was read from
 * @throws KcrError `STATE_DAMAGED` where it, or an array, is not as it was
 */
export function unseal(path: string, value: unknown, arrays: Arrays = {}): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw stateDamaged(path, 'no object where the state should stand');
  const { checksum, ...rest } = value as Record<string, unknown>;
  if (typeof checksum !== 'string') throw stateDamaged(path, 'no checksum');
  if (checksum !== checksumOf(rest, arrays))
    throw stateDamaged(path, 'other content than was saved: its checksum does not fit');
  return rest;
}

/** Reads a text as JSON. @throws KcrError `STATE_DAMAGED` where it is none */
export function parseState(path: string, text: string): unknown {
  try {
    checkDepth(text);
    return JSON.parse(text);
  } catch (cause) {
    throw stateDamaged(path, `no JSON (${(cause as Error).message})`, cause);
  }
}

/** The error for a file that a run cannot go on from. */
export const stateDamaged = (where: string, found: string, cause?: unknown): KcrError =>
  new KcrError('STATE_DAMAGED', {
    where,
    found,
    fix: 'Restore the file, delete its folder to do this stage again, or choose another output folder',
    cause,
  });
