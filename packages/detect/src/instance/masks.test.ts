import { createEagerEngine, type Engine, float32, Generator, int32 } from '@kcr/core';
import { rleArea, rleBox, rleToMask } from '@kcr/data';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import { defaultBoxes } from './default-boxes.ts';
import { maskTargets } from './mask-targets.ts';
import { pasteMask } from './paste-mask.ts';

const engines: Record<string, () => Promise<Engine>> = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

const SIZE = 64;

/** An ellipse in a box, as 0 and 1 at points. */
const inEllipse =
  ([left, top, right, bottom]: readonly number[]) =>
  (y: number, x: number) => {
    const [u, v] = [
      (2 * (x - left!)) / (right! - left!) - 1,
      (2 * (y - top!)) / (bottom! - top!) - 1,
    ];
    return u * u + v * v <= 1;
  };

/** A shape at the centres of a grid over a box. */
const drawn = (
  inside: (y: number, x: number) => boolean,
  [left, top, right, bottom]: readonly number[],
  size: number,
) =>
  Array.from({ length: size * size }, (_, i) => {
    const [row, column] = [Math.floor(i / size), i % size];
    const y = top! + ((row + 0.5) * (bottom! - top!)) / size;
    const x = left! + ((column + 0.5) * (right! - left!)) / size;
    return inside(y, x) ? 1 : 0;
  });

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
    const engine = await makeEngine();
    const step = engine.compile('targets', ({ inputs }) => ({
      outputs: {
        y: maskTargets(
          inputs.masks!,
          { boxes: inputs.regions!, object: inputs.object!, objectBoxes: inputs.objects! },
          14,
        ),
      },
    }));
    const { y } = await step({
      masks: float32([1, 2, 56, 56], masks),
      regions: float32([1, 4, 4], regions.flat()),
      object: int32([1, 4], object),
      objects: float32(
        [1, 4, 4],
        object.flatMap((i) => objects[i]!),
      ),
    });
    await engine.dispose();
    regions.forEach((region, i) => {
      const expected = drawn(inEllipse(objects[object[i]!]!), region, 14);
      const found = [...y!.data.slice(196 * i, 196 * (i + 1))];
      const wrong = found.filter((x, at) => x !== expected[at]).length;
      expect(wrong).toBeLessThanOrEqual(6);
      expect(found.some((x) => x === 1)).toBe(true);
    });
  });
});

describe('pasting', () => {
  const image = { height: SIZE, width: SIZE };

  test('a full mask fills its box', () => {
    const mask = pasteMask(new Float32Array(28 * 28).fill(1), 28, [10, 20, 30, 25], image);
    expect(rleBox(mask)).toEqual([10, 20, 20, 5]);
    expect(rleArea(mask)).toBe(100);
  });

  test('a mask that was read from a shape comes back as the shape', () => {
    const generator = new Generator(4);
    for (let i = 0; i < 10; i++) {
      const [left, top] = [20 * generator.uniform(), 20 * generator.uniform()];
      const [width, height] = [15 + 25 * generator.uniform(), 15 + 25 * generator.uniform()];
      const box = [left, top, left + width, top + height] as const;
      const inside = inEllipse(box);
      const pasted = rleToMask(pasteMask(drawn(inside, box, 28), 28, box, image));
      const expected = drawn(inside, [0, 0, SIZE, SIZE], SIZE);
      const both = expected.filter((x, at) => x && pasted[at]).length;
      const either = expected.filter((x, at) => x || pasted[at]).length;
      expect(both / either).toBeGreaterThan(0.95);
    }
  });

  test('what lies outside the image is cut', () => {
    const mask = pasteMask(new Float32Array(16).fill(1), 4, [-10, 60, 10, 80], image);
    expect(rleBox(mask)).toEqual([0, 60, 10, 4]);
    const none = pasteMask(new Float32Array(16), 4, [5, 5, 20, 20], image);
    expect(rleArea(none)).toBe(0);
  });
});

test("default boxes are torchvision's", () => {
  const { data, shape } = defaultBoxes({
    size: 64,
    places: [2, 2, 1],
    scale: [0.2, 0.95],
    ratios: [2, 3],
  });
  expect(shape).toEqual([54, 4]);
  /** Made by torchvision's DefaultBoxGenerator([[2, 3]] * 3, min_ratio=0.2, max_ratio=0.95). */
  const expected: Record<number, number[]> = {
    0: [9.6, 9.6, 22.4, 22.4],
    1: [5.1483, 5.1483, 26.8517, 26.8517],
    2: [6.949, 11.4745, 25.051, 20.5255],
    3: [11.4745, 6.949, 20.5255, 25.051],
    5: [12.305, 4.9149, 19.695, 27.0851],
    7: [37.1483, 5.1483, 58.8517, 26.8517],
    24: [-2.4, -2.4, 34.4, 34.4],
    48: [1.6, 1.6, 62.4, 62.4],
    49: [0.8103, 0.8103, 63.1897, 63.1897],
    53: [14.4486, 0.0, 49.5514, 64.0],
  };
  for (const [i, box] of Object.entries(expected))
    box.forEach((x, k) => expect(data[4 * Number(i) + k]).toBeCloseTo(x, 3));
});
