import { fileURLToPath } from 'node:url';
import {
  adaptiveAveragePool,
  createEagerEngine,
  type Engine,
  type Frame,
  makeDim,
  type NdArray,
  readSafetensors,
  resizeNearest,
  Scope,
  type Tensor,
  tf,
} from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import { binaryCrossEntropy, smoothL1 } from '../instance/losses.ts';
import { upsample } from '../instance/upsample.ts';
import { segmentationLoss } from '../semantic/segmentation-loss.ts';

/** PyTorch's values, channels first. */
const path = fileURLToPath(new URL('../../fixtures/head_ops.safetensors', import.meta.url));
const { tensors } = await readSafetensors(path);

const engines: Record<string, () => Promise<Engine>> = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

const last = (x: Tensor): Tensor => tf.transpose(x, [0, 2, 3, 1]);
const first = (x: Tensor): Tensor => tf.transpose(x, [0, 3, 1, 2]);

/** A scope whose parameters are a step's inputs. */
function scopeOf(inputs: Record<string, Tensor>): Scope {
  const none = (): never => {
    throw new Error('not needed here');
  };
  const frame: Frame = {
    training: false,
    kept: () => undefined,
    dim: () => {},
    param: ({ name }) => inputs[name]!,
    assign: () => {},
    tap: (value) => value,
    cost: () => {},
    draw: none,
    schedule: none,
  };
  return new Scope(frame);
}

const ops: Record<string, (inputs: Record<string, Tensor>) => Tensor> = {
  upsampled: (inputs) => {
    const [from, to] = [makeDim('in', 3), makeDim('out', 4)];
    return first(upsample(scopeOf(inputs), last(inputs.x!), from, to));
  },
  ...Object.fromEntries(
    [1, 2, 3, 6].map((n) => [
      `pooled.${n}`,
      ({ x }: Record<string, Tensor>) => first(adaptiveAveragePool(last(x!), [n, n])),
    ]),
  ),
  ...Object.fromEntries(
    (
      [
        [10, 14],
        [3, 4],
        [8, 5],
      ] as const
    ).map((size) => [
      `nearest.${size.join('.')}`,
      ({ x }: Record<string, Tensor>) => first(resizeNearest(last(x!), size)),
    ]),
  ),
  loss: ({ logits, labels }) => segmentationLoss(last(logits!), labels!),
  smooth_l1: ({ differences }) => smoothL1(differences!),
  bce: ({ differences }) =>
    binaryCrossEntropy(differences!, tf.cast(tf.greater(differences!, 1), 'float32')),
};

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test.each(Object.entries(ops))("%s is PyTorch's", async (name, op) => {
    const engine = await makeEngine();
    const { x, weight, bias, logits, labels, differences } = tensors;
    const step = engine.compile(name, ({ inputs }) => ({ outputs: { y: op({ ...inputs }) } }));
    const { y } = await step({
      x: x!,
      weight: weight!,
      bias: bias!,
      logits: logits!,
      labels: labels!,
      differences: differences!,
    });
    await engine.dispose();
    const expected = tensors[name] as NdArray;
    expect(y!.shape).toEqual(expected.shape);
    expected.data.forEach((value, i) => expect(y!.data[i]).toBeCloseTo(value, 4));
  });
});
