import { isRecord } from '@kcr/core/internal';

const isParent = (value: unknown): value is Record<string, unknown> =>
  isRecord(value) || Array.isArray(value);

/** Whether a value has something at a dotted path; numbers are places in lists. */
export function hasPath(value: unknown, path: string): boolean {
  let at = value;
  for (const key of path.split('.')) {
    if (!isParent(at) || !Object.hasOwn(at, key)) return false;
    at = at[key];
  }
  return true;
}

/** What a value has at a dotted path; `undefined` where it has nothing there. */
export function valueAt(value: unknown, path: string): unknown {
  if (!hasPath(value, path)) return undefined;
  return path.split('.').reduce((at, key) => (at as Record<string, unknown>)[key], value);
}

/**
 * A copy of a value with another one at a dotted path. What is on the way must be there, or is made an object.
 *
 * @param path numbers are places in lists
 */
export function withValue(value: unknown, path: string, set: unknown): unknown {
  const [key, ...rest] = path.split('.') as [string, ...string[]];
  const own = isParent(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  const next = rest.length === 0 ? set : withValue(own, rest.join('.'), set);
  if (!Array.isArray(value)) return { ...(isRecord(value) ? value : {}), [key]: next };
  const copy: unknown[] = [...value];
  copy[Number(key)] = next;
  return copy;
}

/** All dotted paths that a value has, those of objects and lists before what is in them. */
export const pathsOf = (value: unknown): string[] =>
  isParent(value)
    ? Object.entries(value).flatMap(([key, own]) => [
        key,
        ...pathsOf(own).map((path) => `${key}.${path}`),
      ])
    : [];
