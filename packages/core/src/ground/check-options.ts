import { KcrError } from './error.ts';
import { isRecord } from './json-value.ts';
import { nearest } from './nearest.ts';
import type { SchemaIssue, StandardSchema } from './standard-schema.ts';

/**
 * Options as a schema makes them of what was given.
 *
 * @param where whose options they are, for messages
 * @throws KcrError `OPTION` for all that the schema refuses, and for a field that it does not have, with the nearest that it has
 *   where the schema can name its fields (Standard JSON Schema, as zod's can)
 */
export function checkOptions<O>(where: string, schema: StandardSchema<O>, given: unknown): O {
  const known = fieldsOf(schema);
  const unknown =
    known && isRecord(given) && Object.keys(given).find((key) => !known.includes(key));
  if (typeof unknown === 'string')
    throw new KcrError('OPTION', {
      where: `${where}, ${unknown}`,
      found: 'an option that it does not have',
      fix: known!.length > 0 ? `Use ${nearest(unknown, known!).join(', ')}` : 'Leave it out',
    });
  const result = schema['~standard'].validate(given);
  if (result instanceof Promise)
    throw new KcrError('OPTION', {
      where,
      found: 'a schema that answers later',
      fix: 'Give the extension a schema without asynchronous checks',
    });
  if (!result.issues) return result.value;
  throw new KcrError('OPTION', {
    where,
    found: result.issues.map(issueText).join('; '),
    fix: known
      ? `Correct its options; it takes ${known.join(', ') || 'none'}`
      : 'Correct its options',
  });
}

/** The names of an object's fields; nothing where the schema does not say them or takes others too. */
function fieldsOf({ '~standard': { jsonSchema } }: StandardSchema<unknown>): string[] | undefined {
  try {
    const described = jsonSchema?.input({ target: 'draft-2020-12' });
    if (!described || described.patternProperties || described.additionalProperties)
      return undefined;
    return isRecord(described.properties) ? Object.keys(described.properties) : undefined;
  } catch {
    return undefined; // It has what JSON Schema cannot say, such as a function.
  }
}

function issueText({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return keys.length > 0 ? `${keys.join('.')}: ${message}` : message;
}
