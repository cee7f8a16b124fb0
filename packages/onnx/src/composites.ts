import { channelSources, type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import type { Lowering } from './lowering.ts';

/**
 * dy * gelu'(x) = dy * (Phi(x) + x phi(x)), in the fewest passes over the activations: with u = x / sqrt 2,
 * Phi = HardSigmoid of erf(u), which is 0.5 erf(u) + 0.5 there, and x phi(x) = u exp(log(1 / sqrt pi) - u^2).
 */
const geluGradient: Lowering = (b, { inputs }) => {
  const u = b.node('Mul', [b.get(inputs.x!), b.scalar(Math.SQRT1_2)]);
  const halves = { alpha: { float: 0.5 }, beta: { float: 0.5 } };
  const cdf = b.node('HardSigmoid', [b.node('Erf', [u])], halves);
  const exponent = b.node('Sub', [b.scalar(-0.5 * Math.log(Math.PI)), b.node('Mul', [u, u])]);
  const slope = b.node('Add', [cdf, b.node('Mul', [u, b.node('Exp', [exponent])])]);
  return [b.node('Mul', [b.get(inputs.dy!), slope])];
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

/**
 * `x` with a column of zeros after its last, for channels that are not there to point at. A dense layer that
 * made `x` gives the column itself, by a row of zeros in its weights: no pass over the activations.
 */
function zeroColumnAfter(b: OnnxBuilder, x: Value): string {
  const reshape = x.producer?.kernel === 'Reshape' ? x.producer : undefined;
  const affine = (reshape?.inputs.x ?? x).producer;
  const keepsColumns = (reshape?.inputs.x ?? x)?.shape.at(-1) === x.shape.at(-1);
  if (affine?.kernel !== 'Affine' || !keepsColumns) {
    const pads = b.int64([...Array<number>(x.shape.length * 2 - 1).fill(0), 1]);
    return b.node('Pad', [b.get(x), pads]);
  }
  const width = affine.inputs.weight!.shape[1]!;
  const [row, zero] = [[1, width], [1]].map((shape) =>
    b.initializer('float32', shape, new Float32Array(shape.reduce((p, q) => p * q))),
  );
  const weight = b.node('Concat', [b.get(affine.inputs.weight!), row!], { axis: 0 });
  const bias = b.node('Concat', [b.get(affine.inputs.bias!), zero!], { axis: 0 });
  const y = b.node('Gemm', [b.get(affine.inputs.x!), weight, bias], { transB: 1 });
  const shape = b.dynamicShape(x).map((n) => n ?? -1);
  return reshape ? b.node('Reshape', [y, b.int64(shape.with(-1, x.shape.at(-1)! + 1))]) : y;
}

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
    const x = inputs.x!;
    const sources = channelSources(attrs.indices as number[], attrs.size as number);
    return [gatherLast(b, zeroColumnAfter(b, x), x, outputs[0]!, sources)];
  },
};
