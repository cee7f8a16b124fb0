import type { Value } from '@kcr/core';
import type { Lowering } from './lowering.ts';

/* Ops that move values and compute nothing. */

/**
 * A transpose; those between PyTorch's and TensorFlow's order of a filter's axes as two steps, each of which
 * moves one axis: ONNX Runtime does these many times as fast.
 */
export const transpose: Lowering = (b, { inputs, attrs, outputs }) => {
  const perm = attrs.perm as number[];
  const x = b.get(inputs.x!);
  const order = perm.join();
  const dynamic = b.dynamicShape(inputs.x!).includes(undefined);
  if (dynamic || (order !== '2,3,1,0' && order !== '3,2,0,1'))
    return [b.node('Transpose', [x], { perm })];
  const [p, q, r, s] = inputs.x!.shape as [number, number, number, number];
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
  return [b.reshape(moved, outputs[0]!.shape)];
};

export const concat: Lowering = (b, { inputs, attrs, outputs }) => {
  const parts = Object.values(inputs);
  const [out] = outputs as [Value];
  const axis = attrs.axis as number;
  const join = (names: string[], along: number) => b.node('Concat', names, { axis: along });
  const whole = axis === 3 && [out, ...parts].every((value) => b.canBlock(value));
  if (!whole || !parts.some((part) => b.isBlocked(part)))
    return [
      join(
        parts.map((part) => b.get(part)),
        axis,
      ),
    ];
  b.bindBlocked(
    out,
    join(
      parts.map((part) => b.blocked(part)),
      1,
    ),
  );
  return [];
};

export const reshape =
  (input = 'x'): Lowering =>
  (b, { inputs, outputs }) => [
    b.node('Reshape', [b.get(inputs[input]!), b.reshapeTarget(outputs[0]!)]),
  ];

export const slice: Lowering = (b, { inputs, attrs, outputs }) => {
  const begin = attrs.begin as number[];
  const size = outputs[0]!.shape;
  const cut = size.map((_, i) => i).filter((i) => size[i] !== inputs.x!.shape[i]);
  const starts = cut.map((i) => begin[i] ?? 0);
  const ends = cut.map((i) => (begin[i] ?? 0) + size[i]!);
  return [b.node('Slice', [b.get(inputs.x!), b.int64(starts), b.int64(ends), b.int64(cut)])];
};

export const split: Lowering = (b, { inputs, attrs, outputs }) => {
  const rank = inputs.x!.shape.length;
  const axis = ((attrs.axis as number) + rank) % rank;
  const sizes = b.int64(outputs.map((out) => out.shape[axis]!));
  if (axis === 3 && b.isBlocked(inputs.x!) && outputs.every((out) => b.canBlock(out))) {
    const split = [b.blocked(inputs.x!), sizes];
    const names = b.nodeOutputs('Split', split, { axis: 1 }, { outputs: outputs.length });
    outputs.forEach((out, i) => {
      b.bindBlocked(out, names[i]!);
    });
    return [];
  }
  return b.nodeOutputs('Split', [b.get(inputs.x!), sizes], { axis }, { outputs: outputs.length });
};

export const unpack: Lowering = (b, { inputs, attrs, outputs }) => {
  const { shape } = inputs.value!;
  const axis = ((attrs.axis as number) + shape.length) % shape.length;
  const sizes = b.int64(outputs.map(() => 1));
  const parts = b.nodeOutputs(
    'Split',
    [b.get(inputs.value!), sizes],
    { axis },
    { outputs: outputs.length },
  );
  return parts.map((part) => b.node('Squeeze', [part, b.int64([axis])]));
};

export const pad: Lowering = (b, { inputs, attrs }) => {
  const paddings = attrs.paddings as [number, number][];
  const pads = b.int64([
    ...paddings.map(([before]) => before),
    ...paddings.map(([, after]) => after),
  ]);
  const x = inputs.x!;
  const value = b.scalar(attrs.constantValue as number, x.dtype);
  return [b.node('Pad', [b.get(x), pads, value])];
};
