import { KcrError, messageOf } from '@kcr/core';

/**
 * Runs what a field of a recipe says; an error says which field that is.
 *
 * @param field e.g. `retrain.plugins.0`
 * @throws KcrError what was thrown, and `RECIPE_INVALID` in the place of what is no KcrError, which code of others throws
 */
export async function inField<T>(field: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof KcrError) {
      const { code, where, found, fix } = cause;
      throw new KcrError(code, { where: `recipe, ${field}: ${where}`, found, fix, cause });
    }
    throw new KcrError('RECIPE_INVALID', {
      where: `recipe, ${field}`,
      found: messageOf(cause),
      fix: 'Correct what this field says, e.g. its options',
      cause,
    });
  }
}
