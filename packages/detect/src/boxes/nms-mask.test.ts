import { float32, Generator, type Tensor } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { engines, runOn } from '../testing.ts';
import { nms } from './nms.ts';
import { nmsMask } from './nms-mask.ts';

const op = ({ boxes, scores }: Record<string, Tensor>) => ({ y: nmsMask(boxes!, scores!, 0.3) });

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test('by hand: each image by itself, and a score of 0 is no box', async () => {
    const row = [
      [0, 0, 4, 2],
      [2, 0, 6, 2],
      [4, 0, 8, 2],
    ].flat();
    const { y } = await runOn(makeEngine, op, {
      boxes: float32([3, 3, 4], [...row, ...row, ...row]),
      scores: float32([3, 3], [0.9, 0.8, 0.7, 0.1, 0.8, 0.2, 0, 0.8, 0]),
    });
    expect(y!.shape).toEqual([3, 3]);
    expect([...y!.data]).toEqual([1, 0, 1, 0, 1, 0, 0, 1, 0]);
  });

  test('it is what suppression of those with a score leaves', async () => {
    const [images, n] = [2, 40];
    const generator = new Generator(8);
    const boxes = Array.from({ length: images * n }, () => {
      const [x, y] = [24 * generator.uniform(), 24 * generator.uniform()];
      return [x, y, x + 3 + 8 * generator.uniform(), y + 3 + 8 * generator.uniform()].map(
        Math.fround,
      );
    });
    const scores = boxes.map((__, i) => (i % 5 === 0 ? 0 : Math.fround(generator.uniform())));
    const { y } = await runOn(makeEngine, op, {
      boxes: float32([images, n, 4], boxes.flat()),
      scores: float32([images, n], scores),
    });
    for (let image = 0; image < images; image++) {
      const used = [...Array(n).keys()].map((i) => image * n + i).filter((i) => scores[i]! > 0);
      const own = float32(
        [used.length, 4],
        used.flatMap((i) => boxes[i]!),
      );
      const kept = nms(
        own,
        used.map((i) => scores[i]!),
        0.3,
      );
      const expected = new Set([...kept].map((i) => used[i]!));
      for (let i = image * n; i < (image + 1) * n; i++)
        expect(y!.data[i]).toBe(expected.has(i) ? 1 : 0);
    }
  });
});
