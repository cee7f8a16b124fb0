import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KcrError, messageOf } from '@kcr/core';
import { type JsonRefusal, readJson } from '@kcr/core/internal';
import { importUrl } from '../import-url.ts';

/** Ends of the names of files that a recipe or a sweep may be in. */
const TYPES = ['.json', '.js', '.mjs', '.ts', '.mts'];

/** The same, as a message says them. */
export const definitionTypes = `${TYPES.slice(0, -1).join(', ')} or ${TYPES.at(-1)}`;

/** Whether a path is of a file that a recipe or a sweep may be in. */
export const isDefinitionFile = (path: string): boolean => TYPES.includes(extname(path));

/** The URL of a file, which names of modules in it are resolved from. */
export const fileUrl = (path: string): string => pathToFileURL(resolve(path)).href;

/**
 * What a .json file has, or the default export of a .js, .mjs, .ts or .mts file.
 *
 * @throws KcrError the refusal's
 */
export async function readDefinition(path: string, refusal: JsonRefusal): Promise<unknown> {
  if (extname(path) === '.json') return readJson(path, refusal);
  try {
    // Awaited here: it may be a promise, which may be rejected.
    return await (await importUrl(fileUrl(path))).default;
  } catch (cause) {
    throw new KcrError(refusal.code, {
      where: path,
      found: messageOf(cause),
      fix: refusal.fix,
      cause,
    });
  }
}
