import {
  float32,
  type NdArray,
  type PluginHooks,
  type PluginRun,
  type RefreshContext,
  range,
  tf,
} from '@kcr/core';
import { type Features, rows, toFeatures } from '@kcr/features';
import { Matrix, QrDecomposition } from 'ml-matrix';
import { nystromDirections } from './nystrom.ts';
import { linearTail, projectionTail, reconstructionTail } from './tail-losses.ts';

/** A form of the loss, and what renews its subspace. */
interface Form {
  loss: NonNullable<PluginHooks['loss']>;
  /** @param measured the landmarks' features */
  refresh(context: RefreshContext, landmarks: Int32Array, measured: Features): Promise<void>;
}

const toArray = (matrix: Matrix): NdArray =>
  float32([matrix.rows, matrix.columns], matrix.to1DArray());

/** The first `rank` Nystrom directions as [d, rank], zeros where the landmarks have fewer. */
function basisOf(landmarks: Features, rank: number): Matrix {
  const { vectors } = nystromDirections(landmarks);
  const basis = Matrix.zeros(landmarks.d, rank);
  const filled = Math.min(rank, vectors.columns);
  if (filled > 0) basis.setSubMatrix(vectors.subMatrix(0, landmarks.d - 1, 0, filled - 1), 0, 0);
  return basis;
}

/** The form over features: V [d, r], the first Nystrom directions. */
export function projection(run: PluginRun, rank: number): Form {
  const basis = run.buffer('basis', float32([run.model.featureSize, Math.max(rank, 1)]));
  return {
    loss: ({ features }) => projectionTail(features, basis.value),
    refresh: async (_context, _landmarks, measured) =>
      basis.assign(toArray(basisOf(measured, Math.max(rank, 1)))),
  };
}

/** The two forms over samples: U [n, r] orthonormalised by QR, and G = F^T U, both of all images. */
export function sampleSpace(run: PluginRun, rank: number, form: 'reconstruction' | 'linear'): Form {
  const factor = run.buffer('factor', float32([run.model.featureSize, rank]));
  const left = run.buffer('left', float32([run.samples, rank]));
  const tail = form === 'linear' ? linearTail : reconstructionTail;
  return {
    loss: ({ features, indices }) => tail(features, factor.value, tf.gather(left.value, indices)),
    async refresh({ features }, landmarks) {
      const all = toFeatures(await features(range(run.samples)));
      const matrix = new Matrix(all.n, all.d);
      for (let i = 0; i < all.n; i++)
        for (let j = 0; j < all.d; j++) matrix.set(i, j, all.data[i * all.d + j]!);
      const approximate = matrix.mmul(basisOf(rows(all, landmarks), rank));
      const u = new QrDecomposition(approximate).orthogonalMatrix;
      left.assign(toArray(u));
      factor.assign(toArray(matrix.transpose().mmul(u)));
    },
  };
}
