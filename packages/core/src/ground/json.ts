import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { KcrError } from './error.ts';
import type { ErrorCode } from './error-codes.ts';

/** How a file that is refused is spoken of. */
export interface JsonRefusal {
  readonly code: ErrorCode;
  readonly fix: string;
}

/**
 * `JSON.parse`, without fields that would be another object's prototype once they are copied.
 *
 * @throws SyntaxError, of a field `__proto__` too
 */
export const parseJson = (text: string): unknown =>
  JSON.parse(text, (key, value) => {
    if (key === '__proto__') throw new SyntaxError('a field named __proto__');
    return value;
  });

/** All wrong fields of a value with their paths, as one text. */
export const fieldProblems = (error: z.ZodError, whole = 'file'): string =>
  error.issues.map(({ path, message }) => `${path.join('.') || whole}: ${message}`).join('; ');

/**
 * A value that was read, if it has the form that it should have.
 *
 * @param where the file
 * @throws KcrError the refusal's, with every wrong field and its path
 */
export function checkFields<T>(
  type: z.ZodType<T>,
  value: unknown,
  where: string,
  { code, fix }: JsonRefusal,
): T {
  const parsed = type.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new KcrError(code, { where, found: fieldProblems(parsed.error), fix });
}

/**
 * The JSON of a file.
 *
 * @param absent how a file that cannot be read is refused; as others by default
 * @throws KcrError `refusal`'s where it is no JSON, `absent`'s
 */
export async function readJson(
  path: string,
  refusal: JsonRefusal,
  absent = refusal,
): Promise<unknown> {
  const refuse =
    ({ code, fix }: JsonRefusal) =>
    (cause: Error) => {
      throw new KcrError(code, { where: path, found: cause.message, fix, cause });
    };
  const text = await readFile(path, 'utf8').catch(refuse(absent));
  try {
    return parseJson(text);
  } catch (cause) {
    return refuse(refusal)(cause as Error);
  }
}
