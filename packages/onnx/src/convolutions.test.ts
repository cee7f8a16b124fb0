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
import { expect, test } from 'vitest';
import { OnnxEngine } from './engine.ts';

interface Case {
  kernel: number;
  stride?: number;
  padding?: number;
  depthwise?: boolean;
  size: number;
}

const cases: Record<string, Case> = {
  regular: { kernel: 3, size: 6 },
  pointwise: { kernel: 1, size: 5 },
  strided: { kernel: 3, stride: 2, size: 7 },
  'strided with a row left over': { kernel: 3, stride: 2, size: 8 },
  'patch embedding': { kernel: 4, stride: 4, padding: 0, size: 8 },
  depthwise: { kernel: 3, depthwise: true, size: 6 },
  'strided depthwise': { kernel: 5, stride: 2, depthwise: true, size: 9 },
};

const [channels, filters, batch] = [4, 6, 2];
const noise = (shape: readonly number[], seed: number): NdArray => {
  const generator = new Generator(seed);
  return {
    dtype: 'float32',
    shape,
    data: new Float32Array(sizeOf(shape)).map(() => generator.normal()),
  };
};

/** Output, running statistics and gradients of a convolution with batch normalisation, as one layer. */
async function run(engine: Engine, { size, ...options }: Case): Promise<Record<string, NdArray>> {
  const input = makeDim('in', channels, undefined, {});
  const output = options.depthwise ? input : makeDim('out', filters, undefined, {});
  const layer = engine.compile('layer', ({ inputs }) => {
    const parameters = new Map<string, Tensor>();
    const assigned: Record<string, Tensor> = {};
    const frame: Frame = {
      training: true,
      kept: () => undefined,
      dim: () => {},
      param: ({ name, shape }) => {
        const known = inputs[name];
        if (!known) throw new Error(`${name} ${shape}`);
        parameters.set(name, known);
        return known;
      },
      assign: (name, value) => void (assigned[name] = value),
      tap: (value) => value,
      cost: () => {},
      draw: () => {
        throw new Error('no random numbers here');
      },
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
  const out = output.size;
  const perFilter = options.depthwise ? 1 : channels;
  return layer({
    x: noise([batch, size, size, channels], 1),
    'conv.weight': noise([out, perFilter, options.kernel, options.kernel], 2),
    'conv.bias': noise([out], 3),
    'bn.weight': noise([out], 4),
    'bn.bias': noise([out], 5),
    'bn.running_mean': noise([out], 6),
    'bn.running_var': noise([out], 7),
  });
}

test.each(Object.entries(cases))(
  '%s convolution with batch norm, forward and backward',
  async (_, geometry) => {
    const actual = await run(new OnnxEngine(), geometry);
    const expected = await run(await createEagerEngine({ backend: 'cpu' }), geometry);
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [name, { shape, data }] of Object.entries(expected)) {
      expect(actual[name]!.shape, name).toEqual(shape);
      const scale = Math.max(1, ...Array.from(data, Math.abs));
      data.forEach((value, i) =>
        expect(actual[name]!.data[i]! / scale, name).toBeCloseTo(value / scale, 4),
      );
    }
  },
);
