import {
  float32,
  int32,
  type NdArray,
  type PluginHooks,
  type PluginRun,
  type Tensor,
  tf,
} from '@kcr/core';
import { addProduct } from '@kcr/features';
import type { Matrix } from 'ml-matrix';
import { balanceGradient } from './balance-gradient.ts';
import { matrixOf, times, valuesOf } from './matrices.ts';
import { firstColumns, nystromBasis } from './nystrom.ts';
import type { Reading } from './reading.ts';
import { eigen } from './spectrum.ts';
import { linearTail, projectionTail, reconstructionTail } from './tail-losses.ts';

/** A form of the loss, and what renews its subspace. */
export interface Form {
  loss: NonNullable<PluginHooks['loss']>;
  /** The features with the term's gradient added in a share of the loss's; absent where the form has none. */
  balanced?: (features: Tensor, share: Tensor) => Tensor;
  /** Whether a refresh needs the features themselves that were read. */
  keeps: boolean;
  /** @param rank r of this refresh, at most the one that the form was made for */
  refresh(reading: Reading, rank: number): void;
}

const toArray = (matrix: Matrix): NdArray =>
  float32([matrix.rows, matrix.columns], matrix.to1DArray());

/** The form over features: V [d, r], orth(S V) where S was read, and else the landmarks' directions. */
export function projection(run: PluginRun, most: number): Form {
  const basis = run.buffer('basis', float32([run.model.featureSize, Math.max(most, 1)]));
  return {
    keeps: false,
    loss: ({ features }) => projectionTail(features, basis.value),
    balanced: (features, share) => balanceGradient({ features, basis: basis.value, share }),
    refresh: ({ directions: { vectors }, all }, rank) => {
      const used = Math.min(rank, vectors.columns);
      const found = all ? nystromBasis(all.s, vectors, used) : firstColumns(vectors, used);
      basis.assign(toArray(firstColumns(found, Math.max(most, 1))));
    },
  };
}

/** Directions whose share of the images' energy is this part of the first one's are rounding. */
const FLAT = 1e-12;

/** The forms over samples. */
export type SampleForm = 'reconstruction' | 'linear';

/**
 * The two forms over samples: U [images, r], F V with orthonormal columns, and G = F^T U, both of the images that a refresh reads. With
 * B = F V D, D the landmarks' own scale, which makes B's columns about as long, B^T B = E L E^T and F^T B are summed part by part, and
 * U = B E L^(-1/2). An image's row of it is what the forms read in a step; where not all images were read, those that were stand for the others,
 * which add nothing themselves.
 *
 * @param images how many a refresh reads
 */
export function sampleSpace(run: PluginRun, most: number, form: SampleForm, images: number): Form {
  const { featureSize: d } = run.model;
  const factor = run.buffer('factor', float32([d, most]));
  // The last row, zeros, is of images that were not read.
  const left = run.buffer('left', float32([images + 1, most]));
  const place = run.buffer('place', int32([run.samples], new Int32Array(run.samples)));
  const tail = form === 'linear' ? linearTail : reconstructionTail;
  const stoodFor = run.samples / images;
  return {
    keeps: true,
    loss({ features, indices }) {
      const places = tf.gather(place.value, indices);
      const wasRead = tf.cast(tf.less(places, images), 'float32');
      const own = tf.mul(features, tf.expandDims(wasRead, 1));
      return tf.mul(tail(own, factor.value, tf.gather(left.value, places)), stoodFor);
    },
    refresh({ directions, parts = [] }, rank) {
      const scale = scaled(directions, rank);
      const rows = new Float32Array((images + 1) * rank);
      const places = new Int32Array(run.samples).fill(images);
      const gram = new Float64Array(rank * rank);
      const cross = new Float64Array(d * rank);
      let before = 0;
      for (const { part, indices } of parts) {
        const own = { values: part.data, row: d };
        const b = new Float64Array(part.n * rank);
        const size = { m: part.n, k: rank, d };
        addProduct({ values: b, row: rank }, own, { values: scale, row: 1, column: rank }, size);
        const turned = { values: b, row: 1, column: rank };
        const sum = { m: rank, k: rank, d: part.n };
        addProduct({ values: gram, row: rank }, turned, turned, sum);
        const byFeature = { values: part.data, row: 1, column: d };
        addProduct({ values: cross, row: rank }, byFeature, turned, { ...sum, m: d });
        rows.set(b, before * rank);
        for (const image of indices) places[image] = before++;
      }
      const turn = inverseRoot(matrixOf(rank, rank, gram));
      left.assign(float32([images + 1, rank], turnRows(rows, turn)));
      place.assign(int32([run.samples], places));
      factor.assign(toArray(times(matrixOf(d, rank, cross), turn)));
    },
  };
}

/** The landmarks' first directions, each over the root of its eigenvalue, [d, rank]; zeros where there are fewer. */
function scaled({ values, vectors }: Reading['directions'], rank: number): Float64Array {
  const first = firstColumns(vectors, rank);
  for (let j = 0; j < Math.min(rank, values.length); j++)
    first.mulColumn(j, 1 / Math.sqrt(values[j] || 1));
  return valuesOf(first);
}

/** E L^(-1/2) of a symmetric matrix E L E^T; zeros for directions that it does not have. */
function inverseRoot(gram: Matrix): Matrix {
  const { values, vectors } = eigen(gram);
  values.forEach((value, j) => {
    vectors.mulColumn(j, value > FLAT * (values[0] || 1) ? 1 / Math.sqrt(value) : 0);
  });
  return vectors;
}

/** Rows of float32 times a matrix [r, r], in place. */
function turnRows(rows: Float32Array, turn: Matrix): Float32Array {
  const r = turn.rows;
  const by = { values: valuesOf(turn), row: 1, column: r };
  const together = 4096;
  for (let from = 0; from < rows.length; from += together * r) {
    const part = rows.subarray(from, from + together * r);
    const m = part.length / r;
    const turned = new Float64Array(part.length);
    addProduct({ values: turned, row: r }, { values: part, row: r }, by, { m, k: r, d: r });
    part.set(turned);
  }
  return rows;
}
