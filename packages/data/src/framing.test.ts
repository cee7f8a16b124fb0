import { expect, test } from 'vitest';
import { fitScale, fitted, scaledBy } from './framing.ts';

test.each([
  [{ height: 30, width: 60 }, { height: 100, width: 120 }, 2, 100 / 30],
  [{ height: 60, width: 30 }, { height: 100, width: 120 }, 100 / 60, 4],
  [{ height: 200, width: 60 }, { height: 100, width: 120 }, 0.5, 2],
])('%j inside and over %j', (source, canvas, inside, cover) => {
  expect(fitScale(source, canvas)).toBeCloseTo(inside, 12);
  expect(fitScale(source, canvas, 'cover')).toBeCloseTo(cover, 12);
});

test('sizes are whole pixels, one at least', () => {
  expect(scaledBy({ height: 5, width: 4 }, 0.5)).toEqual({ height: 3, width: 2 });
  expect(scaledBy({ height: 5, width: 400 }, 0.01)).toEqual({ height: 1, width: 4 });
});

test('the whole image as large as fits, in the corner', () => {
  const [source, canvas] = [
    { height: 30, width: 60 },
    { height: 100, width: 90 },
  ];
  const view = { source, canvas, top: 0, left: 0, scaled: { height: 45, width: 90 } };
  expect(fitted(source, canvas)).toEqual(view);
});
