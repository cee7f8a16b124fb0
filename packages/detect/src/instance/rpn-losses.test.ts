import { tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { scopeOf, valuesOf } from '../testing.ts';
import { rpnLosses } from './rpn-losses.ts';
import { config, said } from './testing.ts';

describe('losses', () => {
  const truth = () => ({
    boxes: tf.tensor3d([
      [
        [0, 0, 10, 10],
        [0, 0, 0, 0],
      ],
    ]),
    labels: tf.tensor2d([[1, -1]], [1, 2], 'int32'),
  });
  const draw = (_: string, shape: readonly number[]) => tf.fill([...shape], 0.5);
  const log = (x: number) => Math.log(1 + Math.exp(-x));

  test('by hand: positive from 0.7 on, background below 0.3, and in between neither', async () => {
    // Overlaps of 1, 0, 0.8, 0.5 and 0.2.
    const own = [
      [0, 0, 10, 10],
      [12, 12, 20, 20],
      [0, 0, 8, 10],
      [0, 0, 5, 10],
      [0, 0, 2, 10],
    ];
    const deltas = [[0.5, 0, 0, -0.25], ...Array.from({ length: 4 }, () => [0, 0, 0, 0])];
    const { m } = scopeOf({}, { training: true, draw });
    const { rpnClassLoss, rpnBoxLoss } = await valuesOf(() => ({
      ...rpnLosses(m, said(own, [2, 1, 5, 50, -3], deltas), truth(), { ...config, rpn_num: 8 }),
    }));
    expect(rpnClassLoss.data[0]).toBeCloseTo((log(2) + 1 + log(1) + log(5) + log(3)) / 4, 4);
    // The third one is 8 wide, and its middle one pixel left of the object's.
    const third = 1 / 8 + Math.log(10 / 8);
    expect(rpnBoxLoss.data[0]).toBeCloseTo((0.75 + third) / 4, 4);
  });

  test('by hand: without anchors that are nearly right, the best one of an object is', async () => {
    // Overlaps of 0.49, 0.25 and 0.
    const own = [
      [0, 0, 7, 7],
      [0, 0, 5, 5],
      [12, 12, 20, 20],
    ];
    const goal = [(5 - 3.5) / 7, (5 - 3.5) / 7, Math.log(10 / 7), Math.log(10 / 7)];
    const { m } = scopeOf({}, { training: true, draw });
    const { rpnClassLoss, rpnBoxLoss } = await valuesOf(() => ({
      ...rpnLosses(m, said(own, [1, -1, 2]), truth(), config),
    }));
    expect(rpnClassLoss.data[0]).toBeCloseTo((log(1) + log(1) + 2 + log(2)) / 3, 4);
    expect(rpnBoxLoss.data[0]).toBeCloseTo(goal.reduce((x, y) => x + y) / 3, 4);
  });
});
