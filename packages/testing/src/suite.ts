import { KcrError, messageOf } from '@kcr/core';
import { authorLine, ownFolder } from '@kcr/core/internal';
import { type Check, checkText, type Report } from './report.ts';

/** The kit's own lines say nothing of an author's extension. */
export const KIT = ownFolder(import.meta.url);

/** What a check gives. */
export interface Finding {
  readonly ok: boolean;
  readonly found: string;
  readonly where?: string;
  readonly skipped?: boolean;
}

/** A check of what `T` is about. */
export interface CheckOf<T> {
  /** What should hold. */
  readonly expected: string;
  /** The check without which this one tells nothing: where that fails it is left out. Default: `builds`. */
  readonly needs?: string;
  run(subject: T): Promise<Finding> | Finding;
}

/** Checks that were not run yet. */
export interface Suite {
  readonly name: string;
  readonly checks: readonly { readonly check: string; run(): Promise<Check> }[];
}

/** Checks to leave out, by name, each with the reason, which stands in the report. */
export type Skipped = Readonly<Record<string, string>>;

/** The finding of a check that cannot be made here. */
export const leftOut = (found: string): Finding => ({ ok: true, skipped: true, found });

/** A finding of one that holds. */
export const holds = (found: string): Finding => ({ ok: true, found });

/** A finding of one that does not. */
export const fails = (found: string, where = ''): Finding => ({ ok: false, found, where });

/**
 * What was thrown, as a finding: an error of @kcr says its place itself, for all others it is the author's line.
 */
function thrown(error: unknown): Finding {
  const code = error instanceof KcrError ? `${error.code}: ` : '';
  const place = error instanceof KcrError ? error.where : '';
  const root = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const line = authorLine(root, [KIT]);
  const where = line && !place.includes(line) ? [place, line] : [place];
  return fails(`${code}${messageOf(error)}`, where.filter(Boolean).join(', at '));
}

/**
 * The checks of a subject, which is made once, by the first that needs it. Where that fails, the check `builds` says so and
 * the others are left out.
 *
 * @param name of the extension, in messages
 * @param make makes the subject
 * @throws KcrError `OPTION` where `skip` names a check that is not there
 */
export function suiteOf<T>(
  name: string,
  make: () => Promise<T> | T,
  checks: Readonly<Record<string, CheckOf<T>>>,
  skip: Skipped = {},
): Suite {
  const unknown = Object.keys(skip).find((check) => !Object.hasOwn(checks, check));
  if (unknown !== undefined)
    throw new KcrError('OPTION', {
      where: `checks of ${name}, skip`,
      found: `"${unknown}", which is no check`,
      fix: `Leave out some of ${Object.keys(checks).join(', ')}`,
    });
  let made: Promise<T> | undefined;
  const subject = () => {
    made ??= (async () => make())();
    return made;
  };
  const done = new Map<string, Promise<Finding>>();
  /** What a check gives, which is found once. */
  const finding = (check: string): Promise<Finding> => {
    const result = done.get(check) ?? found(check, checks[check]!);
    done.set(check, result);
    return result;
  };
  const found = async (check: string, { needs, run }: CheckOf<T>): Promise<Finding> => {
    const reason = skip[check];
    if (reason !== undefined) return leftOut(reason);
    const first = needs ?? 'builds';
    if (check !== first) {
      const { ok, skipped } = await finding(first);
      if (!ok || skipped) return leftOut(`\`${first}\` ${ok ? 'is left out' : 'fails'}`);
    }
    const limit = Error.stackTraceLimit;
    // An author's line may lie below many of the layers that it calls.
    Error.stackTraceLimit = 50;
    try {
      return await run(await subject());
    } catch (error) {
      return thrown(error);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
  return {
    name,
    checks: Object.entries(checks).map(([check, { expected }]) => ({
      check,
      run: async () => ({ check, expected, where: '', skipped: false, ...(await finding(check)) }),
    })),
  };
}

/** Runs all checks of a suite, one after another. */
export async function runChecks({ name, checks }: Suite): Promise<Report> {
  const done: Check[] = [];
  for (const { run } of checks) done.push(await run());
  return { name, checks: done };
}

/** What test runners hand to a test: Vitest and Node's own both have `skip`. */
interface TestContext {
  skip?(reason?: string): void;
}

/**
 * A function that registers a test: `test` or `it` of Vitest or `node:test`. Runners that take a test's parameter for a
 * callback are given `(name, run) => test(name, () => run())`.
 */
// biome-ignore lint/suspicious/noExplicitAny: runners give their tests contexts of types of their own.
export type RegisterTest = (name: string, run: (context?: any) => Promise<void>) => unknown;

/**
 * Registers each check of a suite as a test, which fails with the check's text.
 *
 * @example
 * import { test } from 'vitest';
 * registerChecks(test, backboneChecks(pvt, { config: { img_size: 32 } }));
 */
export function registerChecks(test: RegisterTest, { name, checks }: Suite): void {
  for (const { check, run } of checks)
    test(`${name}: ${check}`, async (context: TestContext | undefined) => {
      const found = await run();
      if (found.skipped) context?.skip?.(found.found);
      if (!found.ok) throw new Error(`\n${checkText(found)}`);
    });
}
