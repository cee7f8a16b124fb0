import { defineOp, type Tensor, tf, type Value } from '@kcr/core';
import type { OnnxBuilder } from '@kcr/onnx';

/** Steps of the map along a tile's side, at most: few regions reach into a tile, and a level of a large map has some tens. */
const TILE = 96;

type Part = readonly [from: number, to: number];

/** The parts of an axis, as equal as they can be, of at most {@link TILE} steps. */
function partsOf(length: number): Part[] {
  const count = Math.ceil(length / TILE);
  const end = (i: number) => Math.round((i * length) / count);
  return Array.from({ length: count }, (_, i) => [end(i), end(i + 1)]);
}

/** One product for each band of bins: its weights are few, so repeating them costs less than turning the bands. */
export const forBands = (columns: Tensor, bands: number): Tensor => {
  const [, bins, length] = columns.shape as [number, number, number];
  return tf.reshape(tf.tile(tf.expandDims(columns, 1), [1, bands, 1, 1]), [-1, bins, length]);
};

/** A part of an axis of what has a name. */
const cut = (b: OnnxBuilder, x: string, axis: number, [from, to]: Part): string =>
  b.node('Slice', [x, b.int64([from]), b.int64([to]), b.int64([axis])]);

const regionSumOp = defineOp({
  name: 'RegionSum',
  inputs: ['bins', 'rows', 'columns'],
  compute({ bins, rows, columns }, { images }: { images: number }) {
    const [, height, mapHeight] = rows.shape as [number, number, number];
    const [, width, mapWidth] = columns.shape as [number, number, number];
    const channels = bins.shape[3]!;
    const bands = tf.matMul(
      forBands(columns, height),
      tf.reshape(bins, [-1, width, channels]),
      true,
    );
    const sum = tf.matMul(
      tf.reshape(rows, [images, -1, mapHeight]),
      tf.reshape(bands, [images, -1, mapWidth * channels]),
      true,
    );
    return tf.reshape(sum, [images, mapHeight, mapWidth, channels]);
  },
  shapes: ({ bins, rows, columns }, { images }) => ({
    dtype: 'float32',
    shape: [images, rows.shape[2]!, columns.shape[2]!, bins.shape[3]!],
  }),
  lowerings: {
    // Most weights are 0: a tile of the map is the product of those regions that reach into it.
    onnx: (b: OnnxBuilder, { bins, rows, columns }, { images }, { y }) => {
      const [all, height, mapHeight] = rows.shape as [number, number, number];
      const [width, mapWidth] = columns.shape.slice(1) as [number, number];
      const [regions, channels] = [all / images, bins.shape[3]!];
      const nothing = b.initializer(
        'float32',
        [1, height, mapHeight],
        new Float32Array(height * mapHeight),
      );

      /** The weights of regions within parts of an axis, and which of them have any there. */
      const partsWith = (weights: string, length: number) =>
        partsOf(length).map((part) => {
          const within = cut(b, weights, 2, part);
          const most = b.node('ReduceMax', [b.node('Abs', [within]), b.int64([1, 2])], {
            keepdims: 0,
          });
          return {
            size: part[1] - part[0],
            within,
            isUsed: b.node('Greater', [most, b.scalar(0)]),
          };
        });

      const stripes = Array.from({ length: images }, (_, image) => {
        const own: Part = [image * regions, (image + 1) * regions];
        const ofImage = (x: Value) => cut(b, b.get(x), 0, own);
        const each = ofImage(bins);
        const wide = partsWith(ofImage(columns), mapWidth);
        return partsWith(ofImage(rows), mapHeight).map((tall) => {
          // One region more has no weights, so that no product is of none.
          const weights = b.node('Concat', [tall.within, cut(b, nothing, 2, [0, tall.size])], {
            axis: 0,
          });
          const tiles = wide.map(({ size, within, isUsed }) => {
            const places = b.node('NonZero', [b.node('And', [tall.isUsed, isUsed])]);
            const used = b.reshape(places, [-1]);
            const withOne = (last: number) =>
              b.node('Concat', [used, b.int64([last])], { axis: 0 });
            const columnsOf = b.node('Gather', [within, withOne(0)]);
            const turned = b.node('Transpose', [columnsOf], { perm: [0, 2, 1] });
            const bands = b.node('MatMul', [
              b.reshape(turned, [-1, 1, size, width]),
              b.node('Gather', [each, withOne(0)]),
            ]);
            const rowsOf = b.reshape(b.node('Gather', [weights, withOne(regions)]), [
              -1,
              tall.size,
            ]);
            const tile = b.node('Gemm', [rowsOf, b.reshape(bands, [-1, size * channels])], {
              transA: 1,
            });
            return b.reshape(tile, [tall.size, size, channels]);
          });
          return b.node('Concat', tiles, { axis: 1 });
        });
      });
      return b.reshape(b.node('Concat', stripes.flat(), { axis: 0 }), y.shape);
    },
  },
});

/**
 * A map to which each region of an image adds its bins, by its weights of the map's rows and columns. No gradient passes.
 *
 * @param bins [images * regions, height, width, channels]
 * @param rows weights of each bin's row, [images * regions, height, map's height]
 * @param columns the same of its column, [images * regions, width, map's width]
 * @returns [images, map's height, map's width, channels]: the sum over an image's regions r and bins (i, j) of
 *   rows[r, i, y] columns[r, j, x] bins[r, i, j]
 */
export const regionSum = (bins: Tensor, rows: Tensor, columns: Tensor, images: number): Tensor =>
  regionSumOp({ bins, rows, columns }, { images });
