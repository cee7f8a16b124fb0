import type { CocoBox, CocoObject } from '@kcr/data';
import { describe, expect, test } from 'vitest';
import { makeCell, match } from './matching.ts';

const object = (x: number, more: Partial<CocoObject> = {}): CocoObject => ({
  image: 1,
  category: 1,
  score: 1,
  area: 100,
  crowd: false,
  // 10 x 10 pixels, so that a shift by s has an IoU of (10 - s) / (10 + s).
  box: [x, 0, 10, 10] as CocoBox,
  ...more,
});
const all = [0, 1e10] as const;

/** States by detection at the threshold 0.5 and at 0.75. */
function states(truths: CocoObject[], found: CocoObject[], range: readonly [number, number] = all) {
  const { state, positives } = match(makeCell(truths, found), range);
  const n = Math.min(found.length, 100);
  const at = (t: number) => [...state.slice(t * n, (t + 1) * n)];
  return { half: at(0), strict: at(5), positives };
}

test('detections are sorted by score, equal ones in their order, and 100 count', () => {
  const found = [0.2, 0.9, 0.2, 0.5].map((score, i) => object(i, { score }));
  const cell = makeCell([object(0)], found);
  expect(cell.detections.map(({ box }) => box[0])).toEqual([1, 3, 0, 2]);
  expect([...cell.overlaps]).toEqual([9 / 11, 7 / 13, 1, 8 / 12]);
  const many = Array.from({ length: 120 }, (_, i) => object(0, { score: i }));
  const kept = makeCell([], many).detections;
  expect([kept.length, kept[0]!.score, kept[99]!.score]).toEqual([100, 119, 20]);
});

describe('by hand: 1 found, 0 not, 2 neither', () => {
  test('an object is found once, by the best score', () => {
    const found = [object(0, { score: 0.5 }), object(1, { score: 0.9 })];
    expect(states([object(0)], found)).toEqual({ half: [1, 0], strict: [1, 0], positives: 1 });
  });

  test('an overlap at the threshold is enough', () => {
    // 6 of 8: 0.75 exactly.
    const wide = object(0, { box: [0, 0, 8, 1] });
    const inside = object(0, { box: [0, 0, 6, 1] });
    expect(states([wide], [inside])).toMatchObject({ half: [1], strict: [1] });
    expect(states([wide], [object(0, { box: [0, 0, 5.9, 1] })])).toMatchObject({
      half: [1],
      strict: [0],
    });
  });

  test('a detection finds what it overlaps most and is free', () => {
    const truths = [object(0), object(4)];
    // The first one takes the object at 4, so that the second has the one at 0.
    const found = [object(3, { score: 0.9 }), object(3, { score: 0.8 })];
    expect(states(truths, found)).toMatchObject({ half: [1, 1], positives: 2 });
    expect(states(truths, found).strict).toEqual([1, 0]);
  });

  test('a crowd counts neither way, and any number of times', () => {
    const crowd = object(0, { crowd: true, box: [0, 0, 100, 10] });
    const found = [
      object(20, { score: 0.9 }),
      object(50, { score: 0.8 }),
      object(200, { score: 0.7 }),
    ];
    expect(states([crowd], found)).toMatchObject({ half: [2, 2, 0], positives: 0 });
  });

  test('an object that counts goes before one that does not', () => {
    const crowd = object(0, { crowd: true });
    // It overlaps the crowd more.
    expect(states([crowd, object(1)], [object(0)])).toMatchObject({ half: [1], positives: 1 });
  });

  test('objects and detections of other sizes count neither way', () => {
    const truths = [object(0, { area: 50 }), object(100, { area: 500 })];
    const found = [
      object(0, { score: 0.9, area: 100 }),
      object(100, { score: 0.8, area: 100 }),
      object(300, { score: 0.7, area: 60 }),
      object(400, { score: 0.6, area: 600 }),
    ];
    expect(states(truths, found, [0, 99])).toMatchObject({ half: [1, 2, 0, 2], positives: 1 });
  });
});

test('nothing found, or nothing there', () => {
  expect(states([object(0)], [])).toEqual({ half: [], strict: [], positives: 1 });
  expect(states([], [object(0)])).toMatchObject({ half: [0], positives: 0 });
});
