import { expect, test } from 'vitest';
import { agreementOf, sharesOf } from './predict.ts';

const map = (...data: number[]) => ({ data: Uint8Array.from(data), height: 1, width: data.length });

test('shares of the classes, largest first', () =>
  expect(sharesOf(map(2, 0, 2, 2))).toEqual([
    { label: 2, share: 0.75 },
    { label: 0, share: 0.25 },
  ]));

test('two maps agree where their classes are the same', () =>
  expect(agreementOf(map(1, 2, 3, 4), map(1, 0, 3, 0))).toBe(0.5));
