import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { KcrError } from './error.ts';
import type { ErrorCode } from './error-codes.ts';

/** How a file that is refused is spoken of. */
export interface JsonRefusal {
  readonly code: ErrorCode;
  readonly fix: string;
}

/** How deep JSON may be: as deep as serde_json reads it, and with it the safetensors library. */
const DEEPEST = 127;

const [QUOTE, BACKSLASH, OPEN, CLOSE, CASE] = [0x22, 0x5c, 0x5b, 0x5d, 0x20];

/**
 * Checks how deep JSON is nested. `JSON.parse` has no limit, but all that goes through its values afterwards, such as
 * `JSON.stringify`, overflows the stack at some depth.
 */
export class DepthCheck {
  #depth = 0;
  #inText = false;
  #escaped = false;

  /**
   * Checks what comes next of a text, as UTF-8: no byte of a longer character is one of JSON's signs.
   *
   * @throws SyntaxError for more than 127 lists and objects within each other
   */
  bytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) this.#next(bytes[i]!);
  }

  /** As {@link bytes}, of characters. */
  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#next(text.charCodeAt(i));
  }

  #next(code: number): void {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false;
      else if (code === BACKSLASH) this.#escaped = true;
      else if (code === QUOTE) this.#inText = false;
    } else if (code === QUOTE) this.#inText = true;
    // Lists' and objects' brackets differ in the bit by which letters differ in case.
    else if ((code & ~CASE) === OPEN) this.#depth++;
    else if ((code & ~CASE) === CLOSE) this.#depth--;
    if (this.#depth > DEEPEST)
      throw new SyntaxError(`more than ${DEEPEST} lists and objects nested`);
  }
}

/** Checks how deep a whole text is nested. @throws SyntaxError as {@link DepthCheck} */
export const checkDepth = (text: string): void => new DepthCheck().text(text);

/**
 * `JSON.parse`, without fields that would be another object's prototype once they are copied.
 *
 * @param where the file, and the line
 * @throws KcrError the refusal's, of a field `__proto__`, of a number beyond 1.8e308, which would be
 *   infinite, and of more than 127 nested lists and objects too
 */
export function parseJson(text: string, where: string, { code, fix }: JsonRefusal): unknown {
  try {
    checkDepth(text);
    return JSON.parse(text, (key, value) => {
      if (key === '__proto__') throw new SyntaxError('a field named __proto__');
      if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
        throw new SyntaxError(`a number in ${key} that is too large`);
      return value;
    });
  } catch (cause) {
    throw new KcrError(code, { where, found: (cause as Error).message, fix, cause });
  }
}

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
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new KcrError(absent.code, { where: path, found: cause.message, fix: absent.fix, cause });
  });
  return parseJson(text, path, refusal);
}
