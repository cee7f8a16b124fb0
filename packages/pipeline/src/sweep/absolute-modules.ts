import { isRecord } from '@kcr/core/internal';
import { isFile, moduleUrl } from '../module-url.ts';
import { splitUse } from '../modules.ts';

/** A file that a recipe names beside its own, with or without an export: by its URL. */
function absolute(text: string, from: string): string {
  const { module, name } = text.includes('#') ? splitUse(text) : { module: text, name: undefined };
  const url = moduleUrl(module, from);
  return name === undefined ? url : `${url}#${name}`;
}

/**
 * A recipe that may lie in another folder than the one that it is from: files that it names from its own place (`./x.mjs#plugin`) have
 * their URLs.
 *
 * @param from URL of the file that it is from; absent where it is in none
 */
export function absoluteModules<T>(recipe: T, from?: string): T {
  if (from === undefined) return recipe;
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (isRecord(value))
      return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, named(key, own)]));
    return value;
  };
  const named = (key: string, value: unknown): unknown => {
    const isModule =
      typeof value === 'string' &&
      /^\.{1,2}\//.test(value) &&
      (value.includes('#') || key === 'module') &&
      isFile(value);
    return isModule ? absolute(value, from) : walk(value);
  };
  return walk(recipe) as T;
}
