import { sizeOf, type Value } from '@kcr/core';
import { affineOp, reindexOp } from '@kcr/core/internal';
import type { OnnxBuilder } from './builder.ts';
import { lower } from './lowering.ts';

/**
 * Slices of an axis by index. On the last axis, GatherElements with a full index costs a fifth of Gather,
 * which copies element by element there; ONNX Runtime folds the Expand where the batch is fixed.
 */
function gather(
  b: OnnxBuilder,
  x: string,
  to: Value,
  { indices, axis }: { indices: readonly number[]; axis: number },
): string {
  const index = b.int32(indices);
  // Of a matrix either costs little, and in a file Gather is what more tools compute rightly.
  const small = b.target === 'onnx' && to.shape.length === 2;
  if (axis < to.shape.length - 1 || small) return b.node('Gather', [x, index], { axis });
  const full = b.node('Expand', [index, b.shape(to)]);
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

/**
 * `x` with a column of zeros after its last, for channels that are not there to point at. A dense layer that
 * made `x` gives the column itself, by a row of zeros in its weights: no pass over the activations.
 */
function zeroColumnAfter(b: OnnxBuilder, x: Value): string {
  const reshape = x.producer?.kernel === 'Reshape' ? x.producer : undefined;
  const rows = reshape?.inputs.x ?? x;
  const layer = rows.producer?.op === affineOp ? rows.producer.inputs : {};
  const keepsColumns = rows.shape.at(-1) === x.shape.at(-1);
  if (!layer.x || !layer.weight || !layer.bias || !keepsColumns)
    return b.node('Pad', [b.get(x), zeroAfter(b, x, x.shape.length - 1)]);
  const [row, zero] = [[1, layer.weight.shape[1]!], [1]].map((shape) =>
    b.initializer('float32', shape, new Float32Array(sizeOf(shape))),
  );
  const weight = b.node('Concat', [b.get(layer.weight), row!], { axis: 0 });
  const bias = b.node('Concat', [b.get(layer.bias), zero!], { axis: 0 });
  const y = b.node('Gemm', [b.get(layer.x), weight, bias], { transB: 1 });
  const shape = b.dynamicShape(x).map((n) => n ?? -1);
  return reshape ? b.reshape(y, shape.with(-1, x.shape.at(-1)! + 1)) : y;
}

lower(reindexOp, (b, { x }, { sources, axis }, { y }) => {
  if (!sources.includes(-1)) return gather(b, b.get(x), y, { indices: sources, axis });
  const indices = sources.map((source) => (source < 0 ? x.shape[axis]! : source));
  return gather(b, withZeros(b, x, axis), y, { indices, axis });
});
