import { type ErrorCode, KcrError } from '@kcr/core/ground';

/** What a list of annotations, detections or files has that cannot be used: an error, or left out and counted. */
export type InvalidPolicy = 'error' | 'skip';

/** How entries that cannot be used are left out; for the end of an error's `fix`. */
export const SKIP =
  "skip such entries (`--invalid skip`, `invalid: 'skip'` of a function or a recipe's data)";

/** Entries that cannot be used: the first is an error, or all are counted, by reason. */
export class Refusals {
  readonly skipped: Record<string, number> = {};

  constructor(readonly policy: InvalidPolicy) {}

  /** @throws KcrError `code`, unless such entries are skipped */
  refuse(code: ErrorCode, where: string, found: string): void {
    if (this.policy === 'error')
      throw new KcrError(code, {
        where,
        found,
        fix: `Correct it, or ${SKIP}`,
      });
    this.count(code);
  }

  /** Whether an entry passes a check. @throws KcrError what the check throws, unless such entries are skipped */
  accepts(check: () => void): boolean {
    try {
      check();
      return true;
    } catch (error) {
      if (!(error instanceof KcrError) || this.policy === 'error') throw error;
      this.count(error.code);
      return false;
    }
  }

  /**
   * What `make` gives, unless it throws.
   *
   * @throws KcrError what it throws, unless such entries are skipped
   */
  async attempt<T>(make: () => Promise<T>): Promise<T | undefined> {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof KcrError) || this.policy === 'error') throw error;
      this.count(error.code);
      return undefined;
    }
  }

  /** Counts entries that were left out. @param reason the code that they would be refused with */
  count(reason: string, n = 1): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + n;
  }
}
