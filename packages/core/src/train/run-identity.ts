import { KcrError } from '../ground/error.ts';

/**
 * Checks that a run that was saved is the one to go on with.
 *
 * @param identities what each is, as JSON
 * @throws KcrError `RESUME_MISMATCH` naming what differs
 */
export function requireSameRun(path: string, ...identities: [saved: object, now: object]): void {
  const [saved, now] = identities as [Record<string, unknown>, Record<string, unknown>];
  const differing = [...new Set([...Object.keys(now), ...Object.keys(saved)])].filter(
    (key) => JSON.stringify(saved[key]) !== JSON.stringify(now[key]),
  );
  if (differing.length > 0)
    throw new KcrError('RESUME_MISMATCH', {
      where: path,
      found: `a run with another ${differing.join(', ')}`,
      fix: 'Choose another output folder, or delete this one to start again',
    });
}
