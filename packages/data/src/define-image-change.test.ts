import { Generator, type StandardSchema } from '@kcr/core';
import { expect, test } from 'vitest';
import type { Augment } from './augment.ts';
import { checkChanges, defineImageChange } from './define-image-change.ts';
import { descriptionOf } from './described.ts';
import type { Pixels } from './image.ts';

/** Of a number `by`, 2 where it is left out; written by hand, as no library of schemas is needed here. */
const byOf: StandardSchema<{ by: number }, { by?: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(given) {
      const { by = 2 } = given as { by?: unknown };
      return typeof by === 'number'
        ? { value: { by } }
        : { issues: [{ message: 'is no number', path: ['by'] }] };
    },
  },
};

const brighter = defineImageChange({
  name: 'brighter',
  about: 'adds to all values',
  contract: 1,
  needs: { tasks: ['classification'] },
  options: byOf,
  change:
    ({ by }) =>
    ({ data, shape }, generator) => ({
      shape,
      data: data.map((x) => x + by + generator.integer(1)),
    }),
});

const image: Pixels = { data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2, 1] };

test('says what it is before it is made, and what it was made with after', () => {
  expect([brighter.kind, brighter.name, brighter.about, brighter.contract]).toEqual([
    'image change',
    'brighter',
    'adds to all values',
    1,
  ]);
  const change = brighter({ by: 5 });
  expect([...change(image, new Generator(0)).data]).toEqual([6, 7, 8, 9]);
  expect([...brighter({})(image, new Generator(0)).data]).toEqual([3, 4, 5, 6]);
  expect(change.name).toBe('brighter');
  expect([change.contract, change.needs]).toEqual([1, { tasks: ['classification'] }]);
  expect(descriptionOf(change)).toEqual({ name: 'brighter', options: { by: 5 } });
});

test('its schema refuses', () => {
  expect(() => brighter({ by: 'much' } as never)).toThrow(
    expect.objectContaining({ code: 'OPTION', found: 'by: is no number' }),
  );
});

test('another contract is refused; a function as it is has none', () => {
  const same: Augment = (given) => given;
  checkChanges([same, brighter({})]);
  const old = Object.assign(brighter({}), { contract: 0 }) as unknown as Augment;
  expect(() => checkChanges([same, old])).toThrow(
    expect.objectContaining({ code: 'EXTENSION_CONTRACT', where: 'image change "brighter"' }),
  );
});
