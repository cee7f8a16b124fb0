import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkOptions } from './check-options.ts';
import type { StandardSchema } from './standard-schema.ts';

const fields = z.object({ eta: z.number().min(0), kind: z.string().default('soft') });

test('what a schema makes of the options is what is used', () => {
  expect(checkOptions('plugin "p"', fields, { eta: 1 })).toEqual({ eta: 1, kind: 'soft' });
  expect(checkOptions('plugin "p"', z.looseObject(fields.shape), { eta: 1, more: 2 })).toEqual({
    eta: 1,
    kind: 'soft',
    more: 2,
  });
});

/** A schema of a library that describes no fields. */
const plain = (
  answer: ReturnType<StandardSchema<object>['~standard']['validate']>,
): StandardSchema<object> => ({
  '~standard': { version: 1, vendor: 'test', validate: () => answer },
});

test.each<[string, StandardSchema<unknown>, unknown, object]>([
  [
    'a field that it does not have',
    fields,
    { eat: 1 },
    { where: 'plugin "p", eat', fix: 'Use eta, kind' },
  ],
  [
    'the same of a strict schema',
    z.strictObject(fields.shape),
    { eta: 1, knd: 'a' },
    { where: 'plugin "p", knd', fix: 'Use kind, eta' },
  ],
  ['a field where there are none', z.object({}), { eta: 1 }, { fix: 'Leave it out' }],
  [
    'values that are wrong, all at once',
    fields,
    { eta: -1, kind: 2 },
    {
      where: 'plugin "p"',
      found: expect.stringMatching(/^eta: .*; kind: /),
      fix: 'Correct its options; it takes eta, kind',
    },
  ],
  ['no object', fields, undefined, { where: 'plugin "p"' }],
  [
    'an issue of a library that describes no fields',
    plain({ issues: [{ message: 'wrong', path: ['a', { key: 1 }] }, { message: 'bad' }] }),
    {},
    { found: 'a.1: wrong; bad', fix: 'Correct its options' },
  ],
  [
    'a schema that says what JSON Schema cannot',
    z.object({ make: z.instanceof(Map) }),
    { make: 1 },
    { found: expect.stringMatching(/^make: /), fix: 'Correct its options' },
  ],
  [
    'an answer that comes later',
    plain(Promise.resolve({ value: {} })),
    {},
    { where: 'plugin "p"' },
  ],
])('OPTION: %s', (_, schema, given, expected) => {
  expect(() => checkOptions('plugin "p"', schema, given)).toThrow(
    expect.objectContaining({ code: 'OPTION', ...expected }),
  );
});
