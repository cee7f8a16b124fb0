import { KcrError } from '../ground/error.ts';

/** A configuration error of an architecture. */
export const wrongConfig = (where: string, found: string, fix: string): KcrError =>
  new KcrError('MODEL_CONFIG', { where, found, fix });

/**
 * `defaults` overridden by `partial`.
 *
 * @throws KcrError `MODEL_CONFIG` for options that the architecture does not have
 */
export function withDefaults<C extends object>(where: string, defaults: C, partial: Partial<C>): C {
  const unknown = Object.keys(partial).filter((key) => !(key in defaults));
  if (unknown.length > 0)
    throw wrongConfig(
      where,
      `unknown option ${unknown.join(', ')}`,
      `Use ${Object.keys(defaults).join(', ')}`,
    );
  return { ...defaults, ...partial };
}
