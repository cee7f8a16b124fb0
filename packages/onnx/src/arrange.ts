import type { tf } from '@kcr/core';
import type { KernelLowering } from './lowering.ts';

/* Ops that move values and compute nothing. */

/**
 * A transpose; those between PyTorch's and TensorFlow's order of a filter's axes as two steps, each of which
 * moves one axis: ONNX Runtime does these many times as fast.
 */
export const transpose: KernelLowering<'x', tf.TransposeAttrs> = (b, inputs, { perm }, [out]) => {
  const x = b.get(inputs.x);
  const order = perm.join();
  const dynamic = b.dynamicShape(inputs.x).includes(undefined);
  if (dynamic || (order !== '2,3,1,0' && order !== '3,2,0,1'))
    return b.node('Transpose', [x], { perm });
  const [p, q, r, s] = inputs.x.shape as [number, number, number, number];
  const flip = (name: string) => b.node('Transpose', [name], { perm: [1, 0] });
  /** [a, b, c] as [a, c, b] */
  const swap = (name: string, shape: number[]) =>
    shape[1] === 1 || shape[2] === 1
      ? name
      : b.node('Transpose', [b.reshape(name, shape)], { perm: [0, 2, 1] });
  const moved =
    order === '2,3,1,0'
      ? flip(b.reshape(swap(x, [p, q, r * s]), [p, q * r * s]))
      : swap(flip(b.reshape(x, [p * q * r, s])), [s, p * q, r]);
  return b.reshape(moved, out.shape);
};

export const concat: KernelLowering<string, tf.ConcatAttrs> = (b, inputs, { axis }, [out]) => {
  const parts = Object.values(inputs);
  const whole = axis === 3 && [out, ...parts].every((value) => b.canBlock(value));
  const inBlocks = whole && parts.some((part) => b.isBlocked(part));
  const names = parts.map((part) => (inBlocks ? b.blocked(part) : b.get(part)));
  const joined = b.node('Concat', names, { axis: inBlocks ? 1 : axis });
  if (!inBlocks) return joined;
  b.bindBlocked(out, joined);
  return undefined;
};

/** A Reshape, by whatever name the kernel calls its input. */
export const reshape: KernelLowering<string> = (b, inputs, _, [out]) => {
  const [x] = Object.values(inputs);
  return b.node('Reshape', [b.get(x!), b.reshapeTarget(out)]);
};

export const slice: KernelLowering<'x', { begin: readonly number[] }> = (
  b,
  { x },
  { begin },
  [out],
) => {
  const size = out.shape;
  const cut = size.map((_, i) => i).filter((i) => size[i] !== x.shape[i]);
  const starts = cut.map((i) => begin[i] ?? 0);
  const ends = cut.map((i) => (begin[i] ?? 0) + b.fixedSize(out, i));
  return b.node('Slice', [b.get(x), b.int64(starts), b.int64(ends), b.int64(cut)]);
};

export const split: KernelLowering<'x', tf.SplitVAttrs> = (b, { x }, attrs, outputs) => {
  const rank = x.shape.length;
  const axis = (attrs.axis + rank) % rank;
  const sizes = b.int64(outputs.map((out) => b.fixedSize(out, axis)));
  const inBlocks = axis === 3 && b.isBlocked(x) && outputs.every((out) => b.canBlock(out));
  const names = b.nodeOutputs(
    'Split',
    [inBlocks ? b.blocked(x) : b.get(x), sizes],
    { axis: inBlocks ? 1 : axis },
    { outputs: outputs.length },
  );
  if (!inBlocks) return names;
  outputs.forEach((out, i) => {
    b.bindBlocked(out, names[i]!);
  });
  return undefined;
};

export const unpack: KernelLowering<'value', tf.UnpackAttrs> = (b, { value }, attrs, outputs) => {
  const rank = value.shape.length;
  const axis = (attrs.axis + rank) % rank;
  const sizes = b.int64(outputs.map(() => 1));
  const count = { outputs: outputs.length };
  const parts = b.nodeOutputs('Split', [b.get(value), sizes], { axis }, count);
  return parts.map((part) => b.node('Squeeze', [part, b.int64([axis])]));
};

export const pad: KernelLowering<'x', tf.PadV2Attrs> = (b, { x }, { paddings, constantValue }) => {
  const pads = b.int64([
    ...paddings.map(([before]) => before),
    ...paddings.map(([, after]) => after),
  ]);
  return b.node('Pad', [b.get(x), pads, b.scalar(constantValue, x.dtype)]);
};
