import { expect, test } from 'vitest';
import { KcrError, messageOf, textOf } from './error.ts';

test('an error says where, what was found and what to do, in sentences', () => {
  const error = new KcrError('OPTION', {
    where: 'pruning, keep',
    found: '1.5',
    fix: 'Give 0 to 1',
  });
  expect(error.message).toBe('pruning, keep: 1.5. Give 0 to 1.');
  expect(error).toMatchObject({
    name: 'KcrError',
    code: 'OPTION',
    where: 'pruning, keep',
    found: '1.5',
    fix: 'Give 0 to 1',
  });
  expect(error).toBeInstanceOf(Error);
});

test('errors of another copy of core are errors of this one, and subclasses are their own', () => {
  const theirs = new Error('of another copy');
  Object.setPrototypeOf(
    theirs,
    Object.create(Error.prototype, { [Symbol.for('@kcr/core/KcrError')]: { value: true } }),
  );
  expect(theirs).toBeInstanceOf(KcrError);
  class Narrow extends KcrError {}
  const details = { where: 'x', found: 'y', fix: 'z' };
  expect(new Narrow('OPTION', details)).toBeInstanceOf(KcrError);
  expect(new Narrow('OPTION', details)).toBeInstanceOf(Narrow);
  expect(new KcrError('OPTION', details)).not.toBeInstanceOf(Narrow);
  for (const other of [new Error('no'), null, undefined, 'KcrError'])
    expect((other as unknown) instanceof KcrError).toBe(false);
});

test('a text of another error that ends in a full stop gets no second one', () => {
  const { message, found } = new KcrError('OPTION', {
    where: 'x',
    found: 'No such file.',
    fix: 'y',
  });
  expect(message).toBe('x: No such file. y.');
  expect(found).toBe('No such file.');
});

test('the cause is kept, and absent where there is none', () => {
  const cause = new Error('inner');
  const of = (given?: unknown) =>
    new KcrError('my-package/CODE', { where: 'x', found: 'y', fix: 'z', cause: given });
  expect(of(cause).cause).toBe(cause);
  expect(of().cause).toBeUndefined();
});

test.each<[unknown, string, string]>([
  [new TypeError('wrong'), 'TypeError: wrong', 'wrong'],
  ['text', 'text', 'text'],
  [null, 'null', 'null'],
  [undefined, 'undefined', 'undefined'],
  [Symbol('s'), 'Symbol(s)', 'Symbol(s)'],
  [Object.create(null), 'a value of type object', 'a value of type object'],
  [Object.assign(new Error('x'), { message: 7 }), 'Error: 7', 'Error: 7'],
])('whatever is thrown has a text: case %#', (thrown, text, message) => {
  expect(textOf(thrown)).toBe(text);
  expect(messageOf(thrown)).toBe(message);
});
