import { describe, expect, test } from 'vitest';
import { isInOrder, type KnownClasses, knownClasses, matchClasses } from './match-classes.ts';

describe('matchClasses', () => {
  test.each<[string, KnownClasses, string[], object]>([
    ['the same', ['a', 'b'], ['a', 'b'], { by: 'name', outputs: [0, 1] }],
    ['another order', ['c', 'a', 'b'], ['a', 'b', 'c'], { by: 'name', outputs: [1, 2, 0] }],
    ['some of them', ['c', 'a', 'b'], ['a', 'c'], { by: 'name', outputs: [1, 0] }],
    ['other names', ['a', 'b'], ['b', 'x'], { by: 'none', why: 'names', unknown: ['x'] }],
    [
      'numbers for names',
      ['a', 'b'],
      ['0', '1'],
      { by: 'none', why: 'names', unknown: ['0', '1'] },
    ],
    ['no names', 2, ['cat', 'dog'], { by: 'order', outputs: [0, 1] }],
    ['no names on either side', 3, ['0', '2'], { by: 'name', outputs: [0, 2] }],
    ['no names, another number', 3, ['cat', 'dog'], { by: 'none', why: 'count' }],
    ['no names, numbers in those', 2, ['a10', 'a9'], { by: 'none', why: 'order', first: 'a10' }],
  ])('%s', (_, model, images, expected) => {
    expect(matchClasses(model, images)).toEqual(expected);
  });
});

test('isInOrder', () => {
  const inOrder = (model: KnownClasses, images: string[]) => isInOrder(matchClasses(model, images));
  expect(inOrder(['a', 'b', 'c'], ['a', 'b'])).toBe(true);
  expect(inOrder(['b', 'a'], ['a', 'b'])).toBe(false);
  expect(inOrder(['a'], ['b'])).toBe(false);
});

test('knownClasses: numbers are no names', () => {
  expect(knownClasses(['0', '1'])).toBe(2);
  expect(knownClasses(['1', '0'])).toEqual(['1', '0']);
});
