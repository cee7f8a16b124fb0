import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { sizeOf } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { constantInit } from '../model/initializer.ts';
import { type ConvOptions, conv2d } from './conv.ts';
import { layerModel, runLayer, wave, waveWeights } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

interface Layer extends ConvOptions {
  /** [height, width, in] */
  input: [number, number, number];
  out: number;
}

const convModel = ({ input, out, ...options }: Layer) =>
  layerModel(input, (m, x) => conv2d(m.child('conv'), x, input[2], out, options));

/** PyTorch's cross-correlation in float64: weight [out, in or 1, k, k], zeros around the image. */
function reference(layer: Layer, x: readonly number[], weights: Record<string, number[]>) {
  const { input, out, kernel, stride = 1, depthwise = false } = layer;
  const { padding = Math.floor((kernel - 1) / 2) } = layer;
  const [height, width, channels] = input;
  const size = (n: number) => Math.floor((n + 2 * padding - kernel) / stride) + 1;
  const y: number[] = [];
  const pixel = (row: number, column: number, c: number) =>
    row < 0 || column < 0 || row >= height || column >= width
      ? 0
      : x[(row * width + column) * channels + c]!;
  for (let row = 0; row < size(height); row++)
    for (let column = 0; column < size(width); column++)
      for (let o = 0; o < out; o++) {
        let sum = weights['conv.bias']?.[o] ?? 0;
        const inputs = depthwise ? 1 : channels;
        for (let i = 0; i < inputs; i++)
          for (let down = 0; down < kernel; down++)
            for (let right = 0; right < kernel; right++) {
              const w =
                weights['conv.weight']![((o * inputs + i) * kernel + down) * kernel + right]!;
              const at = [
                row * stride - padding + down,
                column * stride - padding + right,
              ] as const;
              sum += w * pixel(...at, depthwise ? o : i);
            }
        y.push(sum);
      }
  return { y, shape: [1, size(height), size(width), out] };
}

describe('it is the cross-correlation of float64', () => {
  test.each<[string, Layer]>([
    ['3 x 3', { input: [4, 5, 2], out: 3, kernel: 3 }],
    ['1 x 1', { input: [3, 2, 4], out: 2, kernel: 1 }],
    ['a stride of 2 on an even side', { input: [4, 6, 2], out: 2, kernel: 3, stride: 2 }],
    ['a stride of 2 on an odd side', { input: [5, 7, 1], out: 2, kernel: 3, stride: 2 }],
    ['7 x 7 on a smaller image', { input: [4, 4, 1], out: 1, kernel: 7, stride: 2 }],
    ['no padding', { input: [4, 5, 2], out: 2, kernel: 3, padding: 0 }],
    ['an even kernel', { input: [4, 5, 1], out: 2, kernel: 4 }],
    ['no bias', { input: [3, 3, 1], out: 2, kernel: 3, bias: false }],
    ['depthwise', { input: [4, 3, 3], out: 3, kernel: 3, depthwise: true }],
    ['depthwise, 5 x 5', { input: [5, 4, 2], out: 2, kernel: 5, stride: 2, depthwise: true }],
    ['patches', { input: [4, 6, 2], out: 3, kernel: 2, stride: 2, padding: 0 }],
    [
      'patches, no bias',
      { input: [6, 3, 1], out: 2, kernel: 3, stride: 3, padding: 0, bias: false },
    ],
    [
      'depthwise patches',
      { input: [4, 4, 2], out: 2, kernel: 2, stride: 2, padding: 0, depthwise: true },
    ],
  ])('%s', (_, layer) => {
    const model = convModel(layer);
    const weights = waveWeights(model);
    const x = wave(sizeOf(layer.input), 3);
    const expected = reference(layer, x, weights);
    const { y, shape } = runLayer(model, x, weights);
    expect(shape).toEqual(expected.shape);
    expected.y.forEach((value, i) => expect(y[i]).toBeCloseTo(value, 5));
    const [, rows, columns] = expected.shape as [number, number, number, number];
    const perFilter = layer.depthwise ? 1 : layer.input[2];
    const macs = rows * columns * layer.out * perFilter * layer.kernel ** 2;
    expect(model.macs).toEqual({ linear: macs, attention: 0, total: macs });
  });
});

test('images of a batch are convolved one by one', () => {
  for (const layer of [
    { kernel: 3, out: 2 },
    { kernel: 2, stride: 2, padding: 0, out: 2 },
  ]) {
    const model = convModel({ input: [2, 4, 1], ...layer });
    const weights = waveWeights(model);
    const [a, b] = [wave(8, 1), wave(8, 2)];
    const both = runLayer(model, [...a, ...b], weights).y;
    expect(both).toEqual([a, b].flatMap((x) => runLayer(model, x, weights).y));
  }
});

test("parameters are PyTorch's: filters first, one input for depthwise ones", () => {
  const shapes = (layer: Layer) => convModel(layer).params.map(({ shape }) => shape);
  expect(shapes({ input: [4, 4, 2], out: 5, kernel: 3 })).toEqual([[5, 2, 3, 3], [5]]);
  expect(shapes({ input: [4, 4, 5], out: 5, kernel: 3, depthwise: true })).toEqual([
    [5, 1, 3, 3],
    [5],
  ]);
});

test('a depthwise layer that would change its channels is refused', () => {
  expect(() => convModel({ input: [4, 4, 2], out: 4, kernel: 3, depthwise: true })).toThrow(
    expect.objectContaining({ code: 'CONV_DEPTHWISE', where: 'conv' }),
  );
});

test('first values may be chosen', () => {
  const init = { init: constantInit(2), biasInit: constantInit(3) };
  const model = convModel({ input: [2, 2, 1], out: 1, kernel: 1, ...init });
  const values = Object.values(model.initialize(new Generator(1)));
  expect(values.map(({ data }) => [...data])).toEqual([[2], [3]]);
});
