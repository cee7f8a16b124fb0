import { float32, int32, type Tensor } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { drawn, engines, inEllipse, runOn } from '../testing.ts';
import { maskTargets } from './mask-targets.ts';

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test('a region has what its object has there', async () => {
    const objects = [
      [10, 12, 30, 40],
      [35, 20, 60, 50],
    ];
    const regions = [
      [10, 12, 30, 40],
      [14, 8, 34, 36],
      [30, 15, 64, 55],
      [40, 30, 50, 40],
    ];
    const object = [0, 0, 1, 1];
    const masks = objects.flatMap((box) => drawn(inEllipse(box), box, 56));
    const op = (inputs: Record<string, Tensor>) => ({
      y: maskTargets(
        inputs.masks!,
        { boxes: inputs.regions!, object: inputs.object!, objectBoxes: inputs.objects! },
        14,
      ),
    });
    const { y } = await runOn(makeEngine, op, {
      masks: float32([1, 2, 56, 56], masks),
      regions: float32([1, 4, 4], regions.flat()),
      object: int32([1, 4], object),
      objects: float32(
        [1, 4, 4],
        object.flatMap((i) => objects[i]!),
      ),
    });
    regions.forEach((region, i) => {
      const expected = drawn(inEllipse(objects[object[i]!]!), region, 14);
      const found = [...y!.data.slice(196 * i, 196 * (i + 1))];
      const wrong = found.filter((x, at) => x !== expected[at]).length;
      expect(wrong).toBeLessThanOrEqual(6);
      expect(found.some((x) => x === 1)).toBe(true);
    });
  });
});
