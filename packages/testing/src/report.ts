/** What was looked at, and what it gave. */
export interface Check {
  /** Its short name, such as `pruned`. */
  readonly check: string;
  readonly ok: boolean;
  /** What was found, in words and numbers; of a check that was left out, why. */
  readonly found: string;
  /** What should hold. */
  readonly expected: string;
  /** Where to look: a path in the model, and the author's own line where it is known. May be empty. */
  readonly where: string;
  /** Whether it was left out. It counts as `ok`. */
  readonly skipped: boolean;
}

/** What all checks of an extension gave. */
export interface Report {
  readonly name: string;
  readonly checks: readonly Check[];
}

/** The checks that do not hold. */
export const failures = ({ checks }: Report): Check[] => checks.filter(({ ok }) => !ok);

/** A check as lines of text. */
export function checkText({ check, ok, found, expected, where, skipped }: Check): string {
  if (skipped) return `  left out  ${check}: ${found}`;
  if (ok) return `  holds     ${check}: ${found}`;
  const lines = [
    `  FAILS     ${check}`,
    `            found:    ${found}`,
    `            expected: ${expected}`,
    ...(where ? [`            look at:  ${where}`] : []),
  ];
  return lines.join('\n');
}

/** A report as text, one line for each check that holds. */
export function reportText(report: Report): string {
  const { name, checks } = report;
  const left = checks.filter(({ skipped }) => skipped).length;
  const failed = failures(report).length;
  const counts = [`${checks.length - left - failed} hold`, `${failed} fail`, `${left} left out`];
  return [`${name}: ${counts.join(', ')}`, ...checks.map(checkText)].join('\n');
}
