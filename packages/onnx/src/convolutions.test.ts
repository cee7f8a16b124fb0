import {
  batchNorm,
  conv2d,
  createEagerEngine,
  type Engine,
  type Frame,
  Generator,
  makeDim,
  type NdArray,
  Scope,
  sizeOf,
  type Tensor,
  tf,
  valueAndGradients,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { OnnxEngine } from './engine.ts';

interface Case {
  kernel: number;
  stride?: number;
  padding?: number;
  depthwise?: boolean;
  size: number;
  /** Channels of the input, and of the output where it is not depthwise. */
  channels: readonly [number, number];
}

const few = [4, 6] as const;
/** Multiples of the blocks that ONNX Runtime's fast kernels work in. */
const many = [32, 16] as const;

const cases: Record<string, Case> = {
  regular: { kernel: 3, size: 6, channels: few },
  pointwise: { kernel: 1, size: 5, channels: few },
  strided: { kernel: 3, stride: 2, size: 7, channels: few },
  'strided with a row left over': { kernel: 3, stride: 2, size: 8, channels: few },
  'patch embedding': { kernel: 4, stride: 4, padding: 0, size: 8, channels: few },
  depthwise: { kernel: 3, depthwise: true, size: 6, channels: few },
  'strided depthwise': { kernel: 5, stride: 2, depthwise: true, size: 9, channels: few },
  'regular, in blocks': { kernel: 3, size: 5, channels: many },
  'pointwise, in blocks': { kernel: 1, size: 4, channels: many },
  'image to blocks': { kernel: 3, stride: 2, size: 7, channels: [3, 16] },
  'strided, in blocks': { kernel: 3, stride: 2, size: 6, channels: many },
  'depthwise, in blocks': { kernel: 3, depthwise: true, size: 6, channels: many },
  'strided depthwise, in blocks': {
    kernel: 5,
    stride: 2,
    depthwise: true,
    size: 9,
    channels: many,
  },
  'strided depthwise with a row left over, in blocks': {
    kernel: 3,
    stride: 2,
    depthwise: true,
    size: 6,
    channels: many,
  },
};

const batch = 2;
const noise = (shape: readonly number[], seed: number): NdArray => {
  const generator = new Generator(seed);
  return {
    dtype: 'float32',
    shape,
    data: new Float32Array(sizeOf(shape)).map(() => generator.normal()),
  };
};

/** The arrays that a layer reads. */
function inputsOf({ size, kernel, depthwise, channels: [inputs, filters] }: Case) {
  const out = depthwise ? inputs : filters;
  return {
    x: noise([batch, size, size, inputs], 1),
    'conv.weight': noise([out, depthwise ? 1 : inputs, kernel, kernel], 2),
    'conv.bias': noise([out], 3),
    'bn.weight': noise([out], 4),
    'bn.bias': noise([out], 5),
    'bn.running_mean': noise([out], 6),
    'bn.running_var': noise([out], 7),
    'bn.num_batches_tracked': { dtype: 'int32', shape: [], data: Int32Array.of(4) },
  } satisfies Record<string, NdArray>;
}

const nothing = (): never => {
  throw new Error('a convolution needs none');
};

/** Output, running statistics and gradients of a convolution with batch normalisation, as one layer. */
async function run(engine: Engine, geometry: Case): Promise<Record<string, NdArray>> {
  const { size: _, channels, ...options } = geometry;
  const input = makeDim('in', channels[0]);
  const output = options.depthwise ? input : makeDim('out', channels[1]);
  const layer = engine.compile('layer', ({ inputs }) => {
    const assigned: Record<string, Tensor> = {};
    const frame: Frame = {
      training: true,
      kept: () => undefined,
      frozen: () => false,
      dim: () => {},
      param: ({ name }) => inputs[name]!,
      assign: (name, value) => void (assigned[name] = value),
      tap: (value) => value,
      cost: () => {},
      draw: nothing,
      schedule: nothing,
    };
    const trained = ['x', 'conv.weight', 'conv.bias', 'bn.weight', 'bn.bias'];
    const { loss, aux, gradients } = valueAndGradients(
      () => {
        const m = new Scope(frame);
        const y = batchNorm(
          m.child('bn'),
          conv2d(m.child('conv'), inputs.x!, input, output, options),
          output,
        );
        return { loss: tf.sum(tf.mul(y, tf.sin(y))), aux: { y, ...assigned } };
      },
      trained.map((name) => inputs[name]!),
    );
    return {
      outputs: {
        loss,
        ...aux,
        ...Object.fromEntries(trained.map((name, i) => [`d ${name}`, gradients[i]!])),
      },
    };
  });
  return layer(inputsOf(geometry));
}

type Arrays = Record<string, ArrayLike<number>>;

/** The layer by its definition, in float64: convolution, then batch normalisation. */
function define(arrays: Arrays, geometry: Case) {
  const { size, kernel, stride = 1, padding, depthwise } = geometry;
  const [channels, filters] = geometry.channels;
  const pad = padding ?? (kernel - 1) >> 1;
  const out = depthwise ? channels : filters;
  const side = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  const { x, 'conv.weight': weight, 'conv.bias': bias } = arrays as Record<string, number[]>;
  const conv: number[] = [];
  for (let i = 0; i < batch * side * side * out; i++) {
    const o = i % out;
    const [n, row, column] = [
      Math.floor(i / (out * side * side)),
      Math.floor(i / (out * side)) % side,
      Math.floor(i / out) % side,
    ];
    let sum = bias![o]!;
    for (let k = 0; k < kernel * kernel; k++) {
      const r = row * stride + Math.floor(k / kernel) - pad;
      const c = column * stride + (k % kernel) - pad;
      if (r < 0 || c < 0 || r >= size || c >= size) continue;
      const pixel = ((n * size + r) * size + c) * channels;
      if (depthwise) sum += x![pixel + o]! * weight![o * kernel * kernel + k]!;
      else
        for (let j = 0; j < channels; j++)
          sum += x![pixel + j]! * weight![(o * channels + j) * kernel * kernel + k]!;
    }
    conv.push(sum);
  }
  const count = conv.length / out;
  const moment = (o: number, f: (v: number) => number) =>
    conv.reduce((sum, v, i) => (i % out === o ? sum + f(v) : sum), 0) / count;
  const means = Array.from({ length: out }, (_, o) => moment(o, (v) => v));
  const variances = means.map((mean, o) => moment(o, (v) => (v - mean) ** 2));
  const y = conv.map((v, i) => {
    const o = i % out;
    const normalised = (v - means[o]!) / Math.sqrt(variances[o]! + 1e-5);
    return normalised * arrays['bn.weight']![o]! + arrays['bn.bias']![o]!;
  });
  const blend = (old: ArrayLike<number>, now: number[]) =>
    now.map((value, o) => 0.9 * old[o]! + 0.1 * value);
  return {
    y,
    loss: [y.reduce((sum, v) => sum + v * Math.sin(v), 0)],
    'bn.running_mean': blend(arrays['bn.running_mean']!, means),
    'bn.running_var': blend(
      arrays['bn.running_var']!,
      variances.map((v) => (v * count) / (count - 1)),
    ),
    'bn.num_batches_tracked': [5],
  };
}

/**
 * The definition's values, and its gradients by central differences: every one of few, a random twenty of
 * many, NaN for the others.
 */
function reference(geometry: Case): Record<string, number[]> {
  const generator = new Generator(9);
  const arrays: Record<string, number[]> = Object.fromEntries(
    Object.entries(inputsOf(geometry)).map(([name, { data }]) => [name, Array.from(data)]),
  );
  const gradient = (name: string) =>
    arrays[name]!.map((value, i) => {
      if (generator.uniform() > 20 / arrays[name]!.length) return Number.NaN;
      const at = (shift: number) => {
        const moved = arrays[name]!.with(i, value + shift);
        return define({ ...arrays, [name]: moved }, geometry).loss[0]!;
      };
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
  const trained = ['x', 'conv.weight', 'conv.bias', 'bn.weight', 'bn.bias'];
  return {
    ...define(arrays, geometry),
    ...Object.fromEntries(trained.map((name) => [`d ${name}`, gradient(name)])),
  };
}

test("a mean's gradient beside a convolution's keeps its layout", async () => {
  const gradientOf = async (engine: Engine) => {
    const step = engine.compile('both', ({ inputs }) => {
      const filter = tf.reshape(inputs.filter!, [1, 1, 32, 16]) as tf.Tensor4D;
      const { gradients } = valueAndGradients(() => {
        // What the mean and the convolution read is itself a map, so that their gradients are added.
        const map = tf.mul(inputs.x!, 2) as tf.Tensor4D;
        const y = tf.conv2d(map, filter, 1, 'same');
        const pooled = tf.mean(map, [1, 2]);
        return { loss: tf.add(tf.sum(tf.square(y)), tf.sum(tf.square(pooled))), aux: {} };
      }, [inputs.x!]);
      return { outputs: { dx: gradients[0]! } };
    });
    const { dx } = await step({ x: noise([2, 4, 4, 32], 1), filter: noise([32, 16], 2) });
    await engine.dispose();
    return dx!.data;
  };
  const [onnx, wasm] = [
    await gradientOf(new OnnxEngine()),
    await gradientOf(await createEagerEngine({ backend: 'wasm' })),
  ];
  onnx.forEach((value, i) => {
    expect(Math.abs(value - wasm[i]!)).toBeLessThan(1e-3);
  });
});

const engines: Record<string, () => Promise<Engine>> = {
  onnx: async () => new OnnxEngine(),
  wasm: () => createEagerEngine({ backend: 'wasm' }),
};

describe.each(Object.entries(cases))('%s convolution with batch norm', (_, geometry) => {
  test.each(Object.entries(engines))('is its definition on %s', async (__, makeEngine) => {
    const actual = await run(await makeEngine(), geometry);
    for (const [name, values] of Object.entries(reference(geometry))) {
      const { data } = actual[name]!;
      expect(data.length, name).toBe(values.length);
      const scale = Math.max(1, ...values.filter((v) => !Number.isNaN(v)).map(Math.abs));
      values.forEach((value, i) => {
        if (!Number.isNaN(value)) expect(data[i]! / scale, name).toBeCloseTo(value / scale, 4);
      });
    }
  });
});
