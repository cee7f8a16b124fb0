import { expect, test } from 'vitest';
import type { z } from 'zod';
import { count, named, part, positiveShare, properShare, range, scale, share } from './fields.ts';

const oneOf = named({ first: 1, second: 2 });
const use = '@kcr/masks#qkMask';

const cases: [string, z.ZodType, unknown[], unknown[]][] = [
  ['share', share, [0, 0.5, 1], [-0.01, 1.01, '0.5', Number.NaN, undefined]],
  ['count', count, [1, 2000], [0, -1, 1.5, '3', Number.POSITIVE_INFINITY]],
  ['positiveShare', positiveShare, [0.01, 1], [0, -1, 1.01, Number.NaN]],
  ['properShare', properShare, [0, 0.99], [1, -0.01, Number.NaN]],
  ['scale', scale, [0.5, 16], [0, -1, 17, Number.POSITIVE_INFINITY]],
  [
    'range',
    range(share),
    [
      [0, 1],
      [0.5, 0.5],
    ],
    [[1, 0], [0, 2], [0], [0, Number.NaN]],
  ],
  [
    'part',
    part,
    [{ use }, { use, options: { a: [1] } }, { use: './own.mjs#x' }],
    [use, {}, { use: '@kcr/masks' }, { use: '#x' }, { use: 'x#' }, { use, option: {} }],
  ],
  ['named', oneOf, ['first', 'second', { use }], ['third', 'toString', 1, { use: 'first' }]],
];

test.each(cases)('%s', (_, type, right, wrong) => {
  for (const value of right) expect([value, type.safeParse(value).success]).toEqual([value, true]);
  for (const value of wrong) expect([value, type.safeParse(value).success]).toEqual([value, false]);
});

test('a part without options has none, and its name says how to write it', () => {
  expect(part.parse({ use })).toEqual({ use, options: {} });
  expect(part.safeParse({ use: 'qkMask' }).error!.issues[0]!.message).toContain('MODULE#EXPORT');
});
