import { expect, test } from 'vitest';
import * as ground from './ground.ts';
import * as index from './index.ts';
import * as internal from './internal.ts';

test('What is for the packages here is nowhere else', () => {
  const shared = Object.keys(internal).filter((name) => name in index || name in ground);
  expect(shared).toEqual([]);
});

test('What loads without TensorFlow.js is the same where it is public too', () => {
  const same = Object.keys(ground).filter((name) => name in index);
  expect(same).toContain('KcrError');
  for (const name of same) expect(Reflect.get(ground, name)).toBe(Reflect.get(index, name));
});
