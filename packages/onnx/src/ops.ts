import { sizeOf, type Value } from '@kcr/core';
import { activationLowerings } from './activations.ts';
import { batchNormLowerings } from './batch-norm.ts';
import type { OnnxBuilder } from './builder.ts';
import type { Lowering } from './lowering.ts';
import { DATA_TYPES } from './proto.ts';

const layerNorm: Lowering = (b, { inputs, attrs }) =>
  b.nodeOutputs(
    'LayerNormalization',
    [b.get(inputs.x!), b.get(inputs.gamma!), b.get(inputs.beta!)],
    { axis: -1, epsilon: { float: attrs.eps as number } },
    { outputs: 3 },
  );

/**
 * Slices of an axis by index. On the last axis, GatherElements with a full index costs a fifth of Gather,
 * which copies element by element there; ONNX Runtime folds the Expand where the batch is fixed.
 */
function gather(
  b: OnnxBuilder,
  x: string,
  like: Value,
  output: Value,
  indices: readonly number[],
  axis: number,
) {
  const index = indexList(b, indices);
  if (axis < output.shape.length - 1) return b.node('Gather', [x, index], { axis });
  const full = b.node('Expand', [index, b.shape(output, like)]);
  return b.node('GatherElements', [x, full], { axis });
}

/** `x` with a slice of zeros after its last, for slices that are not there to point at. */
function withZeros(b: OnnxBuilder, x: Value, axis: number): string {
  if (axis === x.shape.length - 1) return zeroColumnAfter(b, x);
  return b.node('Pad', [b.get(x), zeroAfter(b, x, axis)]);
}

/** The paddings of one slice after the last of an axis. */
const zeroAfter = (b: OnnxBuilder, { shape }: Value, axis: number) =>
  b.int64(Array.from({ length: shape.length * 2 }, (_, i) => (i === shape.length + axis ? 1 : 0)));

const reindex: Lowering = (b, { inputs, attrs, outputs }) => {
  const x = inputs.x!;
  const { sources, axis } = attrs as { sources: number[]; axis: number };
  if (!sources.includes(-1)) return [gather(b, b.get(x), x, outputs[0]!, sources, axis)];
  const indices = sources.map((source) => (source < 0 ? x.shape[axis]! : source));
  return [gather(b, withZeros(b, x, axis), x, outputs[0]!, indices, axis)];
};

/**
 * `x` with a column of zeros after its last, for channels that are not there to point at. A dense layer that
 * made `x` gives the column itself, by a row of zeros in its weights: no pass over the activations.
 */
function zeroColumnAfter(b: OnnxBuilder, x: Value): string {
  const reshape = x.producer?.kernel === 'Reshape' ? x.producer : undefined;
  const affine = (reshape?.inputs.x ?? x).producer;
  const keepsColumns = (reshape?.inputs.x ?? x)?.shape.at(-1) === x.shape.at(-1);
  if (affine?.kernel !== 'Affine' || !keepsColumns)
    return b.node('Pad', [b.get(x), zeroAfter(b, x, x.shape.length - 1)]);
  const width = affine.inputs.weight!.shape[1]!;
  const [row, zero] = [[1, width], [1]].map((shape) =>
    b.initializer('float32', shape, new Float32Array(sizeOf(shape))),
  );
  const weight = b.node('Concat', [b.get(affine.inputs.weight!), row!], { axis: 0 });
  const bias = b.node('Concat', [b.get(affine.inputs.bias!), zero!], { axis: 0 });
  const y = b.node('Gemm', [b.get(affine.inputs.x!), weight, bias], { transB: 1 });
  const shape = b.dynamicShape(x).map((n) => n ?? -1);
  return reshape ? b.reshape(y, shape.with(-1, x.shape.at(-1)! + 1)) : y;
}

const indexList = (b: OnnxBuilder, indices: readonly number[]) =>
  b.initializer('int32', [indices.length], Int32Array.from(indices));

/** 1 at the boxes that non-maximum suppression leaves: the selection as a mask, so that shapes stay static. */
const nmsMask: Lowering = (b, { inputs, attrs, outputs }) => {
  const scores = b.get(inputs.scores!);
  const [axis, first] = [b.int64([1]), b.int64([0])];
  const selected = b.node('NonMaxSuppression', [
    b.get(inputs.boxes!),
    b.node('Unsqueeze', [scores, axis]),
    b.int64([inputs.scores!.shape[1]!]),
    b.scalar(attrs.threshold as number),
    b.scalar(0),
  ]);
  // Columns: image, class, box.
  const places = b.node('Gather', [selected, b.int64([0, 2])], { axis: 1 });
  const count = b.node('Gather', [b.node('Shape', [selected]), first], { axis: 0 });
  const zeros = b.node('Expand', [b.scalar(0), b.shape(outputs[0]!, inputs.scores!)]);
  return [b.node('ScatterND', [zeros, places, b.node('Expand', [b.scalar(1), count])])];
};

/** Core's composite ops, each as few good nodes. */
export const compositeLowerings: Readonly<Record<string, Lowering>> = {
  Affine: (b, { inputs }) => [
    b.node('Gemm', [b.get(inputs.x!), b.get(inputs.weight!), b.get(inputs.bias!)], { transB: 1 }),
  ],
  LayerNorm: layerNorm,
  Lookup: (b, { inputs, attrs }) => [
    b.node('Gather', [b.get(inputs.table!), indexList(b, attrs.indices as number[])], { axis: 0 }),
  ],
  LookupGradient: (b, { inputs, attrs, outputs }) => {
    const indices = attrs.indices as number[];
    const index = b.initializer('int64', [indices.length, 1], BigInt64Array.from(indices, BigInt));
    const zeros = b.node('Expand', [b.scalar(0), b.int64(outputs[0]!.shape)]);
    return [b.node('ScatterND', [zeros, index, b.get(inputs.dy!)], { reduction: 'add' })];
  },
  NmsMask: nmsMask,
  Reindex: reindex,
  Resample: (b, { inputs, attrs }) => {
    const matrix = b.get(inputs.matrix!);
    const weights = attrs.transposed ? b.node('Transpose', [matrix], { perm: [1, 0] }) : matrix;
    return [b.node('MatMul', [weights, b.get(inputs.x!)])];
  },
  TakeTokens: (b, { inputs }) => {
    const index = b.node('Cast', [b.get(inputs.indices!)], { to: DATA_TYPES.int64 });
    const rows = b.node('Unsqueeze', [index, b.int64([-1])]);
    return [b.node('GatherND', [b.get(inputs.x!), rows], { batch_dims: 1 })];
  },
  ...activationLowerings,
  ...batchNormLowerings,
};
