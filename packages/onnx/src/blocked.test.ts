import { float32, type NdArray } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { blockSize } from './block-size.ts';
import {
  blockedConv,
  channelMeans,
  channelProducts,
  denseFilter,
  depthwiseFilter,
  planes,
  scaleShift,
  spread,
} from './blocked.ts';
import { runNodes } from './testing/run.ts';

const n = await blockSize();
const c = 2 * n;

/** Whole numbers that differ, so that sums are exact. */
const numbered = (shape: readonly number[]): NdArray => {
  const array = float32(shape);
  array.data.forEach((_, i) => {
    array.data[i] = ((i * 7) % 11) - 5;
  });
  return array;
};
const at = (
  { data, shape }: { data: ArrayLike<number>; shape: readonly number[] },
  ...index: number[]
) => data[index.reduce((place, i, axis) => place * shape[axis]! + i, 0)]!;

test('a block has 8 or 16 channels, or there is none', async () => {
  expect([0, 8, 16]).toContain(n);
  expect(await blockSize()).toBe(n);
});

describe.skipIf(n === 0)('in the blocked layout', () => {
  const map = numbered([2, 3, 2, c]);
  const [batch, h, w] = map.shape as [number, number, number];

  test('channels of a block lie side by side, blocks one after another', async () => {
    const { data } = await runNodes({ map }, (b, given) => b.blocked(given.map), n);
    const whole = { data, shape: [batch, c / n, h, w, n] };
    for (const [i, y, x, channel] of [
      [0, 0, 0, 0],
      [0, 2, 1, n - 1],
      [1, 1, 0, n],
      [1, 2, 1, c - 1],
    ] as const)
      expect(at(whole, i, Math.floor(channel / n), y, x, channel % n)).toBe(
        at(map, i, y, x, channel),
      );
  });

  test('planes are the map with channels before pixels', async () => {
    const out = await runNodes({ map }, (b, given) => planes(b, given.map), n);
    expect(out.shape).toEqual([batch, c, h * w]);
    for (let i = 0; i < batch * c * h * w; i++) {
      const [image, channel, pixel] = [
        Math.floor(i / (c * h * w)),
        Math.floor(i / (h * w)) % c,
        i % (h * w),
      ];
      expect(out.data[i]).toBe(at(map, image, Math.floor(pixel / w), pixel % w, channel));
    }
  });

  test('means and products are over images and pixels, for each channel', async () => {
    const other = numbered([2, 3, 2, c].map((size) => size));
    other.data.reverse();
    const means = await runNodes(
      { map },
      (b, given) => channelMeans(b, b.blocked(given.map), given.map.shape),
      n,
    );
    const products = await runNodes(
      { map, other },
      (b, given) =>
        channelProducts(b, b.blocked(given.map), b.blocked(given.other), given.map.shape),
      n,
    );
    for (let channel = 0; channel < c; channel++) {
      let [sum, dot] = [0, 0];
      for (let i = channel; i < map.data.length; i += c) {
        sum += map.data[i]!;
        dot += map.data[i]! * other.data[i]!;
      }
      expect(means.data[channel]).toBeCloseTo(sum / (batch * h * w), 5);
      expect(products.data[channel]).toBe(dot);
    }
  });

  test('a scale and a shift are those of the channel', async () => {
    const [scale, shift] = [numbered([c]), numbered([c])];
    shift.data.reverse();
    const out = await runNodes(
      { map, scale, shift },
      (b, given) => {
        const factors = { scale: b.get(given.scale), shift: b.get(given.shift) };
        const whole = scaleShift(b, b.blocked(given.map), factors, given.map.shape);
        const attributes = { channels_last: 1, channels: c };
        return b.node('ReorderOutput', [whole], attributes, 'com.microsoft.nchwc');
      },
      n,
    );
    map.data.forEach((value, i) => {
      expect(out.data[i]).toBe(value * scale.data[i % c]! + shift.data[i % c]!);
    });
  });

  test('a stride leaves zeros between pixels', async () => {
    const out = await runNodes(
      { map },
      (b, given) => {
        const far = spread(b, b.blocked(given.map), given.map.shape, [2, 3]);
        const attributes = { channels_last: 1, channels: c };
        return b.node('ReorderOutput', [far], attributes, 'com.microsoft.nchwc');
      },
      n,
    );
    const whole = { data: out.data, shape: [batch, h * 2, w * 3, c] };
    for (let y = 0; y < h * 2; y++)
      for (let x = 0; x < w * 3; x++)
        expect(at(whole, 1, y, x, n)).toBe(
          y % 2 === 0 && x % 3 === 0 ? at(map, 1, y / 2, x / 3, n) : 0,
        );
  });

  /** A convolution by its definition, with a padding of 1 on all sides. */
  function convolution(filter: NdArray, depthwise: boolean): number[] {
    const [kh, kw, , last] = filter.shape as [number, number, number, number];
    const out = depthwise ? c : last;
    const values: number[] = [];
    for (let image = 0; image < batch; image++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++)
          for (let o = 0; o < out; o++) {
            let sum = 0;
            for (let dy = 0; dy < kh; dy++)
              for (let dx = 0; dx < kw; dx++) {
                const [row, column] = [y + dy - 1, x + dx - 1];
                if (row < 0 || row >= h || column < 0 || column >= w) continue;
                if (depthwise) sum += at(map, image, row, column, o) * at(filter, dy, dx, o, 0);
                else
                  for (let i = 0; i < c; i++)
                    sum += at(map, image, row, column, i) * at(filter, dy, dx, i, o);
              }
            values.push(sum);
          }
    return values;
  }

  test.each([
    ['dense', [3, 3, c, n], false],
    ['depthwise', [3, 3, c, 1], true],
  ] as const)('a %s convolution is the plain one', async (_, shape, depthwise) => {
    const filter = numbered(shape);
    const channels = depthwise ? c : shape[3];
    const out = await runNodes(
      { map, filter },
      (b, given) => {
        const blocks = depthwise
          ? depthwiseFilter(b, given.filter, false)
          : denseFilter(b, given.filter);
        const y = blockedConv(
          b,
          { x: b.blocked(given.map), filter: blocks },
          { kernel: [3, 3], pads: [1, 1, 1, 1], group: depthwise ? c : 1 },
        );
        const attributes = { channels_last: 1, channels };
        return b.node('ReorderOutput', [y], attributes, 'com.microsoft.nchwc');
      },
      n,
    );
    expect([...out.data]).toEqual(convolution(filter, depthwise));
  });
});
