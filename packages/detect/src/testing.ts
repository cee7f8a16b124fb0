import { fileURLToPath } from 'node:url';
import {
  createEagerEngine,
  type Engine,
  type Frame,
  float32,
  type NdArray,
  readSafetensors,
  Scope,
  type Tensor,
  tf,
} from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { expect } from 'vitest';

/** The engines that lowerings are tested on. */
export const engines: Readonly<Record<string, () => Promise<Engine>>> = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

/** A function of named tensors, on an engine. */
export async function runOn(
  makeEngine: () => Promise<Engine>,
  op: (inputs: Record<string, Tensor>) => Record<string, Tensor>,
  inputs: Readonly<Record<string, NdArray>>,
): Promise<Record<string, NdArray>> {
  await using engine = await makeEngine();
  return await engine.compile('op', ({ inputs: named }) => ({ outputs: op({ ...named }) }))(inputs);
}

/** The values of tensors that a function makes, on the plain backend. */
export async function valuesOf<K extends string>(
  make: () => Record<K, Tensor>,
): Promise<Record<K, NdArray>> {
  await using _engine = await createEagerEngine({ backend: 'cpu' });
  const made: Record<string, Tensor> = tf.tidy(make);
  const values = Object.entries(made).map(([name, value]): [string, NdArray] => {
    const data = value.dataSync();
    return [name, { dtype: value.dtype as NdArray['dtype'], shape: value.shape, data }];
  });
  tf.dispose(made);
  return Object.fromEntries(values) as Record<K, NdArray>;
}

/** The value of one tensor as a list. */
export const listOf = async (make: () => Tensor): Promise<number[]> => [
  ...(await valuesOf(() => ({ y: make() }))).y.data,
];

/** Reference values: those of torchvision and PyTorch are channels first. */
export async function fixture(name: string): Promise<Record<string, NdArray>> {
  const path = fileURLToPath(new URL(`../fixtures/${name}.safetensors`, import.meta.url));
  return (await readSafetensors(path)).tensors;
}

/** A scope whose parameters are given, or ones where they are not, and what is tapped in it. */
export function scopeOf(
  given: Readonly<Record<string, Tensor>> = {},
  { training = false, draw }: { training?: boolean; draw?: Frame['draw'] } = {},
): { m: Scope; params: string[]; taps: Record<string, Tensor> } {
  const params: string[] = [];
  const taps: Record<string, Tensor> = {};
  const none = (): never => {
    throw new Error('not needed here');
  };
  const frame: Frame = {
    training,
    kept: () => undefined,
    dim: () => {},
    param({ name, shape }) {
      params.push(name);
      return given[name] ?? tf.ones(shape as number[]);
    },
    assign: () => {},
    frozen: () => false,
    tap(value, { name }) {
      taps[name] = value;
      return value;
    },
    cost: () => {},
    draw: draw ?? none,
    schedule: none,
  };
  return { m: new Scope(frame), params, taps };
}

/** Channels last, as PyTorch has them first. */
export const last = (x: Tensor): Tensor => tf.transpose(x, [0, 2, 3, 1]);
export const first = (x: Tensor): Tensor => tf.transpose(x, [0, 3, 1, 2]);

/** Whether an array is another one, but for a share of each value. */
export function expectClose(found: NdArray, expected: NdArray, relative: number): void {
  expect(found.shape).toEqual(expected.shape);
  expected.data.forEach((x, i) =>
    expect(Math.abs(found.data[i]! - x)).toBeLessThanOrEqual(relative * Math.max(Math.abs(x), 1)),
  );
}

/** Boxes as an array, [n, 4]. */
export const boxesOf = (rows: readonly (readonly number[])[]): NdArray =>
  float32([rows.length, 4], rows.flat());

/** Numbers up to rounding in float32. */
export const close = (values: readonly number[], digits = 5) =>
  values.map((x) => expect.closeTo(x, digits));

/** An ellipse in a box, as 0 and 1 at points. */
export const inEllipse =
  ([left, top, right, bottom]: readonly number[]) =>
  (y: number, x: number) => {
    const [u, v] = [
      (2 * (x - left!)) / (right! - left!) - 1,
      (2 * (y - top!)) / (bottom! - top!) - 1,
    ];
    return u * u + v * v <= 1;
  };

/** A shape at the centres of a grid over a box. */
export const drawn = (
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

/** Options of a Swin with two stages of one block, for images of 16 px. */
export const smallSwin = {
  img_size: 16,
  patch_size: 4,
  embed_dim: 8,
  depths: [1, 1],
  num_heads: [1, 2],
  window_size: 2,
};
