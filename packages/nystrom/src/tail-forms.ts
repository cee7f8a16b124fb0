import {
  float32,
  type NdArray,
  type PluginHooks,
  type PluginRun,
  type Tensor,
  tf,
} from '@kcr/core';
import type { Features } from '@kcr/features';
import { Matrix, QrDecomposition } from 'ml-matrix';
import { balanceGradient } from './balance-gradient.ts';
import { firstColumns, nystromBasis } from './nystrom.ts';
import type { Reading } from './reading.ts';
import { linearTail, projectionTail, reconstructionTail } from './tail-losses.ts';

/** A form of the loss, and what renews its subspace. */
export interface Form {
  loss: NonNullable<PluginHooks['loss']>;
  /** The features with the term's gradient added in a share of the loss's; absent where the form has none. */
  balanced?: (features: Tensor, share: Tensor) => Tensor;
  /** @param rank r of this refresh, at most the one that the form was made for */
  refresh(reading: Reading, rank: number): void;
}

const toArray = (matrix: Matrix): NdArray =>
  float32([matrix.rows, matrix.columns], matrix.to1DArray());

/** The form over features: V [d, r], orth(S V) where S was read, and else the landmarks' directions. */
export function projection(run: PluginRun, most: number): Form {
  const basis = run.buffer('basis', float32([run.model.featureSize, Math.max(most, 1)]));
  return {
    loss: ({ features }) => projectionTail(features, basis.value),
    balanced: (features, share) => balanceGradient({ features, basis: basis.value, share }),
    refresh: ({ directions: { vectors }, all }, rank) => {
      const used = Math.min(rank, vectors.columns);
      const found = all ? nystromBasis(all.s, vectors, used) : firstColumns(vectors, used);
      basis.assign(toArray(firstColumns(found, Math.max(most, 1))));
    },
  };
}

/** The two forms over samples: U [n, r], F V orthonormalised by QR, and G = F^T U, both of all images. */
export function sampleSpace(run: PluginRun, most: number, form: 'reconstruction' | 'linear'): Form {
  const factor = run.buffer('factor', float32([run.model.featureSize, most]));
  const left = run.buffer('left', float32([run.samples, most]));
  const tail = form === 'linear' ? linearTail : reconstructionTail;
  return {
    loss: ({ features, indices }) => tail(features, factor.value, tf.gather(left.value, indices)),
    refresh({ directions, features }, rank) {
      if (!features) return;
      const matrix = toMatrix(features);
      const approximate = matrix.mmul(firstColumns(directions.vectors, rank));
      const u = new QrDecomposition(approximate).orthogonalMatrix;
      left.assign(toArray(u));
      factor.assign(toArray(matrix.transpose().mmul(u)));
    },
  };
}

const toMatrix = ({ n, d, data }: Features): Matrix => Matrix.from1DArray(n, d, Array.from(data));
