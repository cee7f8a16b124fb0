import { channelSources, type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import type { Lowering } from './lowering.ts';

/** d gelu(x) / dx * dy = dy * (Phi(x) + x phi(x)), in the fewest passes over the activations. */
const geluGradient: Lowering = (b, { inputs }) => {
  const [x, dy] = [b.get(inputs.x!), b.get(inputs.dy!)];
  const mul = (p: string, q: string) => b.node('Mul', [p, q]);
  const add = (p: string, q: string) => b.node('Add', [p, q]);
  const half = mul(b.node('Erf', [mul(x, b.scalar(Math.SQRT1_2))]), b.scalar(0.5));
  const exponent = mul(mul(x, x), b.scalar(-0.5));
  const density = mul(b.node('Exp', [exponent]), b.scalar(1 / Math.sqrt(2 * Math.PI)));
  return [mul(dy, add(add(half, b.scalar(0.5)), mul(x, density)))];
};

const layerNorm: Lowering = (b, { inputs, attrs }) =>
  b.nodeOutputs(
    'LayerNormalization',
    [b.get(inputs.x!), b.get(inputs.gamma!), b.get(inputs.beta!)],
    { axis: -1, epsilon: { float: attrs.eps as number } },
    { outputs: 3 },
  );

/**
 * Channels of the last axis by index. GatherElements with a full index costs a fifth of Gather there, which
 * copies element by element; ONNX Runtime folds the Expand where the batch is fixed.
 */
const gatherLast = (
  b: OnnxBuilder,
  x: string,
  like: Value,
  output: Value,
  indices: readonly number[],
) => {
  const index = b.initializer('int32', [indices.length], Int32Array.from(indices));
  const full = b.node('Expand', [index, b.shape(output, like)]);
  return b.node('GatherElements', [x, full], { axis: output.shape.length - 1 });
};

/** Core's composite ops, each as few good nodes. */
export const compositeLowerings: Readonly<Record<string, Lowering>> = {
  Affine: (b, { inputs }) => [
    b.node('Gemm', [b.get(inputs.x!), b.get(inputs.weight!), b.get(inputs.bias!)], { transB: 1 }),
  ],
  Gelu: (b, { inputs }) => [b.node('Gelu', [b.get(inputs.x!)])],
  GeluGradient: geluGradient,
  LayerNorm: layerNorm,
  TakeChannels: (b, { inputs, attrs, outputs }) => [
    gatherLast(b, b.get(inputs.x!), inputs.x!, outputs[0]!, attrs.indices as number[]),
  ],
  PutChannels: (b, { inputs, attrs, outputs }) => {
    const pads = b.int64([...Array<number>(outputs[0]!.shape.length * 2 - 1).fill(0), 1]);
    const padded = b.node('Pad', [b.get(inputs.x!), pads]);
    const sources = channelSources(attrs.indices as number[], attrs.size as number);
    return [gatherLast(b, padded, inputs.x!, outputs[0]!, sources)];
  },
};
