import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { shortSide, withShortSide } from './short-side.ts';
import { draws } from './testing.ts';

const source = { height: 60, width: 90 };

test('the short side has its length unless the long one or the canvas is in the way', () => {
  const sizeOf = (short: number, long: number, room: number) =>
    shortSide({ short, long })(source, { height: room, width: room }, new Generator(0)).scaled;
  expect(sizeOf(30, 1000, 1000)).toEqual({ height: 30, width: 45 });
  expect(sizeOf(30, 36, 1000)).toEqual({ height: 24, width: 36 });
  expect(sizeOf(30, 1000, 27)).toEqual({ height: 18, width: 27 });
});

test('of several lengths each comes up, and no other', () => {
  const framing = shortSide({ short: [20, 30, 40], long: 1000 });
  const canvas = { height: 100, width: 100 };
  const found = draws(100, (generator) => framing(source, canvas, generator).scaled.height);
  expect(new Set(found)).toEqual(new Set([20, 30, 40]));
});

test('a tall image is resized by its width', () => {
  const tall = { height: 90, width: 60 };
  const canvas = { height: 100, width: 100 };
  const view = { source: tall, canvas, top: 0, left: 0, scaled: { height: 45, width: 30 } };
  expect(withShortSide(tall, canvas, 30, 1000)).toEqual(view);
});
