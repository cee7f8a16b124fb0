import { KcrError, type NdArray, shapeText } from '@kcr/core';

/** One row for each image, [n, d]. */
export interface Features {
  readonly n: number;
  readonly d: number;
  readonly data: ArrayLike<number>;
}

/**
 * Reads a [n, d] array as features.
 *
 * @throws KcrError `FEATURES_SHAPE`, `FEATURES_FINITE`
 */
export function toFeatures(array: NdArray, where = 'features'): Features {
  const [n, d] = array.shape;
  if (array.shape.length !== 2 || !n || !d)
    throw new KcrError('FEATURES_SHAPE', {
      where,
      found: `shape ${shapeText(array.shape)}`,
      fix: 'Pass one row per image and one column per feature, [n, d]',
    });
  if (!array.data.every(Number.isFinite))
    throw new KcrError('FEATURES_FINITE', {
      where,
      found: 'NaN or infinite values',
      fix: 'Check the model that made them',
    });
  return { n, d, data: array.data };
}

/** Rows of features by index, in float32 where the features are, else in float64. */
export function rows({ d, data }: Features, indices: ArrayLike<number>): Features {
  const picked = new (data instanceof Float32Array ? Float32Array : Float64Array)(
    indices.length * d,
  );
  for (let i = 0; i < indices.length; i++)
    for (let j = 0; j < d; j++) picked[i * d + j] = data[indices[i]! * d + j]!;
  return { n: indices.length, d, data: picked };
}

/** Values of rows by index, in float64. */
export function float64Rows({ d, data }: Features, indices: ArrayLike<number>): Float64Array {
  const values = new Float64Array(indices.length * d);
  for (let i = 0; i < indices.length; i++)
    for (let j = 0; j < d; j++) values[i * d + j] = data[indices[i]! * d + j]!;
  return values;
}

/** Parts one after another, in float32 where all of them are, else in float64. */
export function joinRows(parts: readonly Features[]): Features {
  const n = parts.reduce((sum, part) => sum + part.n, 0);
  const d = parts[0]?.d ?? 0;
  const isSingle = parts.length > 0 && parts.every(({ data }) => data instanceof Float32Array);
  const data = new (isSingle ? Float32Array : Float64Array)(n * d);
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return { n, d, data };
}
