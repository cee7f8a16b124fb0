import type { ErrorCode } from './error-codes.ts';

/** What a {@link KcrError} says: the place, what was found there, and what to do about it. */
export interface KcrErrorDetails {
  /** The file, parameter, plugin, step or line that the error is about. */
  where: string;
  /** What was found there. */
  found: string;
  /** The one thing to do next. */
  fix: string;
  cause?: unknown;
}

/** What every copy's errors have, so that they are known as such by another one: what it refuses is told as all errors are. */
const BRAND = Symbol.for('@kcr/core/KcrError');

/**
 * The error every package throws for input it cannot use. `code` is stable across versions
 * (`SAFETENSORS_HEADER`, `EXTENSION_CONTRACT`, ...); the texts may be reworded. Packages besides those of `@kcr` put
 * their name before their codes: `my-package/CODE`.
 */
export class KcrError extends Error {
  override readonly name = 'KcrError';
  readonly where: string;
  readonly found: string;
  readonly fix: string;

  constructor(
    readonly code: ErrorCode | `${string}/${string}`,
    { where, found, fix, cause }: KcrErrorDetails,
  ) {
    super(`${where}: ${found.replace(/\.$/, '')}. ${fix}.`, { cause });
    this.where = where;
    this.found = found;
    this.fix = fix;
  }

  static {
    Object.defineProperty(KcrError.prototype, BRAND, { value: true });
  }

  /** Whether a value is such an error, of this copy of core or of another. */
  static override [Symbol.hasInstance](value: unknown): value is KcrError {
    // biome-ignore lint/complexity/noThisInStatic: it is that of subclasses too, which are known by their prototypes.
    if (this !== KcrError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** What was thrown, as text with its type: code of others may throw anything. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a value of type ${typeof thrown}`; // It has no text of its own.
  }
}

/** The message of what was thrown. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error && typeof thrown.message === 'string' ? thrown.message : textOf(thrown);
