import { expect, test } from 'vitest';
import { agreement, countBits, toBits } from './bits.ts';

const first = [true, true, false, false, true, false, false, false, true, false];
const second = [true, false, true, false, true, false, false, true, false, true];

test('answers are compared image by image', () => {
  const [a, b] = [toBits(first), toBits(second)];
  expect(countBits(a)).toBe(4);
  expect(agreement(a, b)).toEqual({ first: 4, second: 5, firstAlone: 2, secondAlone: 3 });
});

test('a yes is a bit, the first image the lowest', () => {
  expect([...Buffer.from(toBits(first), 'base64')]).toEqual([0b0001_0011, 0b1]);
  expect(toBits([])).toBe('');
});

test('answers for other images are refused', () => {
  expect(() => agreement(toBits(first), toBits(first.slice(0, 8)))).toThrow();
});
