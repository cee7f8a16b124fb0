import { expect, test } from 'vitest';
import { flipped } from './flipped-views.ts';
import { fitted } from './framing.ts';
import { draws } from './testing.ts';

const source = { height: 60, width: 90 };
const canvas = { height: 64, width: 48 };

test.each([
  [{}, 0.5, 0],
  [{ horizontal: 0, vertical: 1 }, 0, 1],
  [{ horizontal: 1, vertical: 0.25 }, 1, 0.25],
])('views are mirrored as often as asked for, %j', (options, horizontal, vertical) => {
  const views = draws(400, (own) => flipped(fitted, options)(source, canvas, own));
  const share = (side: 'flipX' | 'flipY') => views.filter((view) => view[side]).length / 400;
  // The largest standard deviation is 0.025.
  expect(Math.abs(share('flipX') - horizontal)).toBeLessThan(horizontal % 1 ? 0.15 : 1e-9);
  expect(Math.abs(share('flipY') - vertical)).toBeLessThan(vertical % 1 ? 0.15 : 1e-9);
  for (const { flipX: _, flipY: __, ...rest } of views)
    expect(rest).toEqual(fitted(source, canvas));
});
