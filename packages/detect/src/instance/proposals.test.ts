import { describe, expect, test } from 'vitest';
import { close, valuesOf } from '../testing.ts';
import { proposals } from './proposals.ts';
import type { RpnOutput } from './rpn.ts';
import { config, said } from './testing.ts';

const merged = (...outputs: RpnOutput[]): RpnOutput => ({
  levels: outputs.flatMap((output) => output.levels),
  size: [20, 20],
});

describe('proposals', () => {
  const found = async (make: () => RpnOutput, options = config) => {
    const { y } = await valuesOf(() => ({ y: proposals(make(), options) }));
    return Array.from({ length: y.shape[1]! }, (_, i) => [...y.data.slice(4 * i, 4 * i + 4)]);
  };
  const [a, b, c] = [
    [0, 0, 10, 10],
    [1, 0, 11, 10],
    [12, 12, 30, 18],
  ];

  test('are the best boxes, decoded, cut at the image, without those under a better one', async () => {
    const shift = [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0.5, 0, 0],
    ];
    expect(await found(() => said([a!, b!, c!], [1, 2, -1], shift))).toEqual([
      close([1, 0, 11, 10]),
      close([12, 15, 20, 20]),
      // Places that nothing fills.
      [0, 0, 0, 0],
    ]);
  });

  test('of other levels take none away, and all are put together by score', async () => {
    const make = () => merged(said([a!], [1]), said([b!], [2]));
    expect(await found(make)).toEqual([close(b!), close(a!)]);
    expect(await found(make, { ...config, rpn_max_per_img: 1 })).toEqual([close(b!)]);
  });

  test('are made of the best of a level alone', async () => {
    const make = () => said([a!, b!, c!], [1, 0, 2]);
    expect(await found(make, { ...config, rpn_nms_pre: 1 })).toEqual([close([12, 12, 20, 18])]);
  });
});
