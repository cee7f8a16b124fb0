import type { Value } from '@kcr/core';
import {
  batchMomentsOp,
  batchNormGradientOp,
  batchNormOp,
  batchNormSumsOp,
  scaleShiftOp,
} from '@kcr/core/internal';
import * as blocked from './blocked.ts';
import type { OnnxBuilder } from './builder.ts';
import { prefersBlocks } from './elementwise.ts';
import { lower } from './lowering.ts';
import { rowCount, sumRows } from './reductions.ts';

/** 1 / sqrt(variance + eps) */
const inverseSpread = (b: OnnxBuilder, variance: string, eps: number) =>
  b.node('Reciprocal', [b.node('Sqrt', [b.node('Add', [variance, b.scalar(eps)])])]);

/** In blocked layout each sum is one reading pass. */
function blockedMoments(b: OnnxBuilder, x: Value) {
  const map = b.blocked(x);
  const mean = blocked.channelMeans(b, map, x.shape);
  const squares = blocked.channelProducts(b, map, map, x.shape);
  const square = b.node('Mul', [squares, b.scalar(1 / rowCount(x))]);
  const raw = b.node('Sub', [square, b.node('Mul', [mean, mean])]);
  return { mean, variance: b.node('Max', [raw, b.scalar(0)]) };
}

lower(batchMomentsOp, (b, { x }) => {
  if (b.canBlock(x)) return blockedMoments(b, x);
  const part = b.scalar(1 / rowCount(x));
  const mean = b.node('Mul', [sumRows(b, b.get(x), x), part]);
  const centred = b.node('Sub', [b.get(x), mean]);
  const squares = sumRows(b, b.node('Mul', [centred, centred]), x);
  return { mean, variance: b.node('Mul', [squares, part]) };
});

lower(batchNormOp, (b, { x, gamma, beta, mean, variance }, { eps }, { y }) => {
  const scale = b.node('Mul', [b.get(gamma), inverseSpread(b, b.get(variance), eps)]);
  if (b.canBlock(x)) {
    const shift = b.node('Sub', [b.get(beta), b.node('Mul', [b.get(mean), scale])]);
    b.bindBlocked(y, blocked.scaleShift(b, b.blocked(x), { scale, shift }, x.shape));
    return undefined;
  }
  // The runtime finds that the moments' `centred` is the same.
  const centred = b.node('Sub', [b.get(x), b.get(mean)]);
  return b.node('Add', [b.node('Mul', [centred, scale]), b.get(beta)]);
});

lower(batchNormSumsOp, (b, { x, dy, mean, variance }, { eps }) => {
  const inBlocks = b.canBlock(x);
  const nameOf = (value: Value) => (inBlocks ? b.blocked(value) : b.get(value));
  const [map, slopeMap] = [nameOf(x), nameOf(dy)];
  const dBeta = inBlocks
    ? b.node('Mul', [blocked.channelMeans(b, slopeMap, x.shape), b.scalar(rowCount(x))])
    : sumRows(b, slopeMap, x);
  const products = inBlocks
    ? blocked.channelProducts(b, map, slopeMap, x.shape)
    : sumRows(b, b.node('Mul', [map, slopeMap]), x);
  const centred = b.node('Sub', [products, b.node('Mul', [b.get(mean), dBeta])]);
  return { dGamma: b.node('Mul', [centred, inverseSpread(b, b.get(variance), eps)]), dBeta };
});

/* scale * dy + along * x + offset, the factors by channel; see the definition in core. */
lower(batchNormGradientOp, (b, inputs, { eps, processes }, { y }) => {
  const { x, dy, gamma, mean, variance, dGamma, dBeta } = inputs;
  const invStd = inverseSpread(b, b.get(variance), eps);
  const part = b.scalar(-1 / (processes * rowCount(x)));
  const scale = b.node('Mul', [b.get(gamma), invStd]);
  const slope = b.node('Mul', [b.get(dGamma), part]);
  const along = b.node('Mul', [b.node('Mul', [scale, invStd]), slope]);
  const level = b.node('Mul', [b.node('Mul', [scale, b.get(dBeta)]), part]);
  const offset = b.node('Sub', [level, b.node('Mul', [along, b.get(mean)])]);
  if (b.canBlock(x)) {
    const factors = { scale: along, shift: offset };
    const sum = blocked.scaleShift(b, b.blocked(x), factors, x.shape);
    b.bindBlocked(y, blocked.scaleShift(b, b.blocked(dy), { scale, sum }, x.shape));
    return undefined;
  }
  const rest = b.node('Add', [b.node('Mul', [b.get(x), along]), offset]);
  return b.node('Add', [b.node('Mul', [b.get(dy), scale]), rest]);
});

lower(scaleShiftOp, (b, { x, scale, shift }, _, { y }) => {
  if (prefersBlocks(b, [x], y)) {
    const factors = { scale: b.get(scale), shift: b.get(shift) };
    b.bindBlocked(y, blocked.scaleShift(b, b.blocked(x), factors, x.shape));
    return undefined;
  }
  return b.node('Add', [b.node('Mul', [b.get(x), b.get(scale)]), b.get(shift)]);
});
