import type { OpInputs, Value } from '@kcr/core';
import { batchNormGradientOp, batchNormOp, scaleShiftOp } from '@kcr/core/internal';
import * as blocked from './blocked.ts';
import type { OnnxBuilder } from './builder.ts';
import { prefersBlocks } from './elementwise.ts';
import { lower } from './lowering.ts';
import { rowCount, sumRows } from './reductions.ts';

/** 1 / sqrt(variance + eps) */
const inverseSpread = (b: OnnxBuilder, variance: string, eps: number) =>
  b.node('Reciprocal', [b.node('Sqrt', [b.node('Add', [variance, b.scalar(eps)])])]);

/** In blocked layout each sum is one reading pass, and the result one writing pass. */
function blockedBatchNorm(
  b: OnnxBuilder,
  { x, gamma, beta }: OpInputs<'x' | 'gamma' | 'beta', Value>,
  eps: number,
  y: Value,
) {
  const map = b.blocked(x);
  const mean = blocked.channelMeans(b, map, x.shape);
  const squares = blocked.channelProducts(b, map, map, x.shape);
  const square = b.node('Mul', [squares, b.scalar(1 / rowCount(x))]);
  const raw = b.node('Sub', [square, b.node('Mul', [mean, mean])]);
  const variance = b.node('Max', [raw, b.scalar(0)]);
  const scale = b.node('Mul', [b.get(gamma), inverseSpread(b, variance, eps)]);
  const shift = b.node('Sub', [b.get(beta), b.node('Mul', [mean, scale])]);
  b.bindBlocked(y, blocked.scaleShift(b, map, { scale, shift }, x.shape));
  return { mean, variance };
}

lower(batchNormOp, (b, inputs, { eps }, { y }) => {
  const { x, gamma, beta } = inputs;
  if (b.canBlock(x)) return blockedBatchNorm(b, inputs, eps, y);
  const part = b.scalar(1 / rowCount(x));
  const mean = b.node('Mul', [sumRows(b, b.get(x), x), part]);
  const centred = b.node('Sub', [b.get(x), mean]);
  const squares = sumRows(b, b.node('Mul', [centred, centred]), x);
  const variance = b.node('Mul', [squares, part]);
  const scale = b.node('Mul', [b.get(gamma), inverseSpread(b, variance, eps)]);
  return { y: b.node('Add', [b.node('Mul', [centred, scale]), b.get(beta)]), mean, variance };
});

/* scale * dy + along * x + offset, the factors by channel; see the definition in core. */
lower(batchNormGradientOp, (b, { x, dy, gamma, mean, variance }, { eps }, outputs) => {
  const inBlocks = b.canBlock(x);
  const nameOf = (value: Value) => (inBlocks ? b.blocked(value) : b.get(value));
  const [map, slopeMap] = [nameOf(x), nameOf(dy)];
  const invStd = inverseSpread(b, b.get(variance), eps);
  const part = b.scalar(-1 / rowCount(x));
  const shift = inBlocks
    ? b.node('Mul', [blocked.channelMeans(b, slopeMap, x.shape), b.scalar(rowCount(x))])
    : sumRows(b, slopeMap, x);
  const products = inBlocks
    ? blocked.channelProducts(b, map, slopeMap, x.shape)
    : sumRows(b, b.node('Mul', [map, slopeMap]), x);
  const centred = b.node('Sub', [products, b.node('Mul', [b.get(mean), shift])]);
  const slope = b.node('Mul', [centred, invStd]);
  const scale = b.node('Mul', [b.get(gamma), invStd]);
  const along = b.node('Mul', [b.node('Mul', [scale, invStd]), b.node('Mul', [slope, part])]);
  const level = b.node('Mul', [b.node('Mul', [scale, shift]), part]);
  const offset = b.node('Sub', [level, b.node('Mul', [along, b.get(mean)])]);
  if (inBlocks) {
    const sum = blocked.scaleShift(b, map, { scale: along, shift: offset }, x.shape);
    const dx = blocked.scaleShift(b, slopeMap, { scale, sum }, x.shape);
    b.bindBlocked(outputs.dx, dx);
    return { dGamma: slope, dBeta: shift };
  }
  const rest = b.node('Add', [b.node('Mul', [map, along]), offset]);
  const dx = b.node('Add', [b.node('Mul', [slopeMap, scale]), rest]);
  return { dx, dGamma: slope, dBeta: shift };
});

lower(scaleShiftOp, (b, { x, scale, shift }, _, { y }) => {
  if (prefersBlocks(b, [x], y)) {
    const factors = { scale: b.get(scale), shift: b.get(shift) };
    b.bindBlocked(y, blocked.scaleShift(b, b.blocked(x), factors, x.shape));
    return undefined;
  }
  return b.node('Add', [b.node('Mul', [b.get(x), b.get(scale)]), b.get(shift)]);
});
