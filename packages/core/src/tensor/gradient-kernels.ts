import { convInfo } from './conv-info.ts';
import { type Tensor, tf } from './tf.ts';

/*
 * The gradients of convolutions, from ops that every backend has: a sum over the taps of the filter, each a
 * strided slice of the padded image. For backends that lack them (wasm).
 */

type Geometry = ReturnType<typeof convInfo>;

/** The image's pixels that a filter tap meets at each output position: [batch, out h, out w, channels]. */
function atTap(padded: Tensor, g: Geometry, row: number, column: number): Tensor {
  const top = row * g.dilationHeight;
  const left = column * g.dilationWidth;
  const height = (g.outHeight - 1) * g.strideHeight + 1;
  const width = (g.outWidth - 1) * g.strideWidth + 1;
  return tf.stridedSlice(
    padded,
    [0, top, left, 0],
    [g.batchSize, top + height, left + width, g.inChannels],
    [1, g.strideHeight, g.strideWidth, 1],
  );
}

const padded = (x: Tensor, { padInfo: p }: Geometry): Tensor =>
  tf.pad(x, [
    [0, 0],
    [p.top, p.bottom],
    [p.left, p.right],
    [0, 0],
  ]);

/** Taps of the filter, in order, each with what `at` makes of it. */
const overTaps = <T>(g: Geometry, at: (row: number, column: number) => T): T[] =>
  Array.from({ length: g.filterHeight * g.filterWidth }, (_, i) =>
    at(Math.floor(i / g.filterWidth), i % g.filterWidth),
  );

const asRows = (x: Tensor) => tf.reshape(x, [-1, x.shape.at(-1)!]);

function filterGradient(x: Tensor, dy: Tensor, g: Geometry, depthwise: boolean): Tensor {
  const image = padded(x, g);
  const rows = asRows(dy);
  const taps = overTaps(g, (row, column) => {
    const pixels = asRows(atTap(image, g, row, column));
    return depthwise ? tf.sum(tf.mul(pixels, rows), 0) : tf.matMul(pixels, rows, true);
  });
  return tf.reshape(tf.stack(taps), [g.filterHeight, g.filterWidth, g.inChannels, -1]);
}

/** Puts zeros between the entries of an axis of rank-4 `x`, as a stride leaves them, to `length` in all. */
function spread(x: Tensor, axis: 1 | 2, stride: number, length: number): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const inner = axis === 1 ? width * channels : channels;
  const outer = axis === 1 ? batch : batch * height;
  const n = x.shape[axis]!;
  const wide = tf.pad(tf.reshape(x, [outer, n, inner]), [
    [0, 0],
    [0, 0],
    [0, (stride - 1) * inner],
  ]);
  const all = tf.reshape(wide, [outer, n * stride, inner]);
  const cut =
    n * stride >= length
      ? tf.slice(all, [0, 0, 0], [outer, length, inner])
      : tf.pad(all, [
          [0, 0],
          [0, length - n * stride],
          [0, 0],
        ]);
  return tf.reshape(cut, x.shape.with(axis, length));
}

function depthwiseInputGradient(dy: Tensor, filter: Tensor, g: Geometry): Tensor {
  const height = g.inHeight + g.padInfo.top + g.padInfo.bottom;
  const width = g.inWidth + g.padInfo.left + g.padInfo.right;
  const places = spread(spread(dy, 1, g.strideHeight, height), 2, g.strideWidth, width);
  const total = overTaps(g, (row, column) => {
    const top = row * g.dilationHeight;
    const left = column * g.dilationWidth;
    const weights = tf.reshape(tf.slice(filter, [row, column, 0, 0], [1, 1, -1, -1]), [-1]);
    const kept = tf.slice(places, [0, 0, 0, 0], [-1, height - top, width - left, -1]);
    return tf.pad(tf.mul(kept, weights), [
      [0, 0],
      [top, 0],
      [left, 0],
      [0, 0],
    ]);
  }).reduce((sum, part) => tf.add(sum, part));
  const { top, left } = g.padInfo;
  return tf.slice(total, [0, top, left, 0], [-1, g.inHeight, g.inWidth, -1]);
}

type Attrs = Readonly<Record<string, unknown>>;

const filterKernel =
  (isDepthwise: boolean) =>
  ({ x, dy }: { x: Tensor; dy: Tensor }, attrs: Attrs): Tensor => {
    const filter = attrs.filterShape as number[];
    const geometry = convInfo({ x: x.shape, filter, attrs, isDepthwise });
    return filterGradient(x, dy, geometry, isDepthwise);
  };

const depthwiseInputKernel = (
  { dy, filter }: { dy: Tensor; filter: Tensor },
  attrs: Attrs,
): Tensor => {
  const x = attrs.inputShape as number[];
  const geometry = convInfo({ x, filter: filter.shape, attrs, isDepthwise: true });
  return depthwiseInputGradient(dy, filter, geometry);
};

const kernels: Readonly<Record<string, (inputs: never, attrs: Attrs) => Tensor>> = {
  Conv2DBackpropFilter: filterKernel(false),
  DepthwiseConv2dNativeBackpropFilter: filterKernel(true),
  DepthwiseConv2dNativeBackpropInput: depthwiseInputKernel,
};

/** Registers the gradients of convolutions that a TensorFlow.js backend lacks. */
export function completeBackend(backendName: string): void {
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, backendName)) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tf.tidy(() => kernel(inputs as never, attrs as unknown as Attrs)),
    });
  }
}
