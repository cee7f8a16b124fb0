import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  type Architecture,
  createEagerEngine,
  Model,
  type NdArray,
  readSafetensors,
  sizeOf,
  type TapInfo,
  type Tensor,
} from '@kcr/core';
import { expect } from 'vitest';

const fixture = (file: string) => fileURLToPath(new URL(`../fixtures/${file}`, import.meta.url));

/** What a run of a model gives, row-major. */
export interface Run {
  logits: number[];
  features: number[];
  tokens: number[];
  /** Values of the taps by name. */
  taps: Record<string, number[]>;
}

/**
 * Runs a model in evaluation.
 *
 * @param image [batch, height, width, channels]
 */
export async function run(
  model: Model,
  weights: Readonly<Record<string, NdArray>>,
  image: NdArray,
  tap?: (value: Tensor, info: TapInfo) => Tensor,
): Promise<Run> {
  await using engine = await createEagerEngine({ backend: 'wasm' });
  engine.set(weights);
  const tapped: string[] = [];
  await using step = engine.compile('run', ({ inputs, state }) => {
    const outputs: Record<string, Tensor> = {};
    const { logits, features, tokens } = model.apply(inputs.image!, {
      state,
      tap: (value, info) => {
        outputs[`tap:${info.name}`] = value;
        tapped.push(info.name);
        return tap?.(value, info) ?? value;
      },
    });
    return { outputs: { ...outputs, logits, features, tokens } };
  });
  const found = await step({ image });
  const values = (name: string) => [...found[name]!.data];
  const taps = Object.fromEntries(tapped.map((name) => [name, values(`tap:${name}`)]));
  return { logits: values('logits'), features: values('features'), tokens: values('tokens'), taps };
}

/** Values for all parameters and buffers, by name and index. */
export const weightsOf = (
  model: Model,
  value: (name: string, i: number) => number,
): Record<string, NdArray> =>
  Object.fromEntries(
    model.params.map(({ name, shape, dtype }) => {
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(name, i));
      return [name, { dtype, shape, data: dtype === 'int32' ? Int32Array.from(data) : data }];
    }),
  );

/** A small model of timm with its weights, an image, and what PyTorch makes of it. */
export async function timmCase(name: string, architecture: Architecture) {
  const cases = JSON.parse(await readFile(fixture('cases.json'), 'utf8'));
  const { config, image } = cases[name] as { config: object; image: number };
  const { tensors } = await readSafetensors(fixture(`${name}.safetensors`));
  const model = new Model(architecture, architecture.configure({ img_size: image, ...config }));
  const weights = Object.fromEntries(model.params.map((p) => [p.name, tensors[p.name]!]));
  return { model, weights, image: channelsLast(tensors['case.input']!), tensors };
}

/** PyTorch's [batch, channels, height, width] as [batch, height, width, channels]. */
export function channelsLast({ shape, data }: NdArray): NdArray {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const moved = Float32Array.from(data, (_, i) => {
    const [c, pixel] = [i % channels, Math.floor(i / channels)];
    const [place, image] = [pixel % (height * width), Math.floor(pixel / (height * width))];
    return data[(image * channels + c) * height * width + place]!;
  });
  return { dtype: 'float32', shape: [batch, height, width, channels], data: moved };
}

/** Equality up to float32's rounding, relative to the largest value. */
export function expectClose(actual: readonly number[], expected: ArrayLike<number>, error = 1e-4) {
  expect(actual).toHaveLength(expected.length);
  const values = Array.from(expected);
  const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - actual[i]!)), 0);
  expect(worst).toBeLessThan(error * scale);
}
