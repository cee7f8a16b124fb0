import { createEagerEngine, type Engine, float32, Generator, type NdArray, tf } from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import { lowPass, lowPassMatrix } from './low-pass.ts';

const engines: Record<string, () => Promise<Engine>> = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

const random = (shape: number[], seed = 1): NdArray => {
  const generator = new Generator(seed);
  return float32(
    shape,
    generator.array(
      shape.reduce((a, b) => a * b),
      'normal',
    ),
  );
};

async function filtered(engine: Engine, image: NdArray, sigma: number): Promise<NdArray> {
  const step = engine.compile('low-pass', ({ inputs }) => ({
    outputs: { y: lowPass(inputs.image!, sigma) },
  }));
  const { y } = await step({ image });
  await step.dispose();
  return y!;
}

/** The definition, in float64: DFT over both axes, the Gaussian, and back; the real part. */
function definition({ shape, data }: NdArray, sigma: number): Float64Array {
  const [, height, width, channels] = shape as [number, number, number, number];
  const std = (sigma * Math.min(height, width)) / 2;
  const result = new Float64Array(data.length);
  for (let c = 0; c < channels; c++)
    for (let u = 0; u < height; u++)
      for (let v = 0; v < width; v++) {
        const [fu, fv] = [Math.min(u, height - u), Math.min(v, width - v)];
        const gain = Math.exp(-(fu * fu + fv * fv) / (2 * std * std));
        let [re, im] = [0, 0];
        const angle = (y: number, x: number) => 2 * Math.PI * ((u * y) / height + (v * x) / width);
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const value = data[(y * width + x) * channels + c]!;
            re += value * Math.cos(angle(y, x));
            im -= value * Math.sin(angle(y, x));
          }
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++)
            result[(y * width + x) * channels + c]! +=
              (gain * (re * Math.cos(angle(y, x)) - im * Math.sin(angle(y, x)))) / (height * width);
      }
  return result;
}

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test.each([
    [8, 8],
    [7, 7],
    [6, 10],
    [9, 4],
  ])('an image of %i x %i is filtered as the definition says', async (height, width) => {
    const engine = await makeEngine();
    const image = random([1, height, width, 2]);
    for (const sigma of [0.1, 0.5]) {
      const { data } = await filtered(engine, image, sigma);
      definition(image, sigma).forEach((x, i) => expect(data[i]).toBeCloseTo(x, 5));
    }
    await engine.dispose();
  });

  test('a constant image stays, and a high cut-off is the identity', async () => {
    const engine = await makeEngine();
    const flat = await filtered(engine, float32([2, 9, 6, 1], 3.5), 0.1);
    for (const x of Array.from(flat.data)) expect(x).toBeCloseTo(3.5, 5);
    const image = random([2, 9, 6, 3]);
    const same = await filtered(engine, image, 1e4);
    Array.from(image.data).forEach((x, i) => expect(same.data[i]).toBeCloseTo(x, 4));
    await engine.dispose();
  });
});

test('the matrix is symmetric, its rows sum to 1', () => {
  for (const n of [5, 8]) {
    const { data } = lowPassMatrix(n, 1.3);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) {
        sum += data[i * n + j]!;
        expect(data[i * n + j]).toBe(data[j * n + i]);
      }
      expect(sum).toBeCloseTo(1, 6);
    }
  }
});

test('its gradient is the filter itself', async () => {
  const engine = await engines.eager!();
  const [x, y] = [random([1, 6, 10, 2], 1), random([1, 6, 10, 2], 2)].map((a) =>
    tf.tensor(Array.from(a.data), [1, 6, 10, 2]),
  ) as [tf.Tensor, tf.Tensor];
  const gradient = tf
    .grad((image) => tf.sum(tf.mul(lowPass(image, 0.3), y)))(x)
    .dataSync();
  const direct = lowPass(y, 0.3).dataSync();
  gradient.forEach((g, i) => expect(g).toBeCloseTo(direct[i]!, 5));
  await engine.dispose();
});
