import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { sizeOf } from '../ground/array.ts';
import { wave } from '../layers/testing.ts';
import { convInfo } from './conv-info.ts';
import { completeBackend } from './gradient-kernels.ts';
import { tf } from './tf.ts';

interface Case {
  /** [batch, height, width, channels] */
  image: [number, number, number, number];
  /** [height, width, in, out], or [height, width, channels, 1] */
  filter: [number, number, number, number];
  strides: number | [number, number];
  pad: 'same' | 'valid' | number;
  depthwise?: boolean;
}

const cases: Record<string, Case> = {
  '3 x 3, same': { image: [1, 4, 5, 2], filter: [3, 3, 2, 3], strides: 1, pad: 'same' },
  'two images': { image: [2, 3, 3, 1], filter: [2, 2, 1, 2], strides: 1, pad: 'valid' },
  'a stride of 2, even side': { image: [1, 6, 4, 1], filter: [3, 3, 1, 2], strides: 2, pad: 1 },
  'a stride of 2, odd side': { image: [1, 5, 7, 2], filter: [3, 3, 2, 1], strides: 2, pad: 'same' },
  'a stride of 3 that leaves a rest': {
    image: [1, 8, 7, 1],
    filter: [2, 2, 1, 2],
    strides: 3,
    pad: 'valid',
  },
  'sides that differ': { image: [1, 6, 5, 1], filter: [3, 2, 1, 1], strides: [2, 1], pad: 'valid' },
  '1 x 1, stride 2': { image: [1, 5, 4, 2], filter: [1, 1, 2, 2], strides: 2, pad: 0 },
  depthwise: { image: [1, 4, 5, 3], filter: [3, 3, 3, 1], strides: 1, pad: 1, depthwise: true },
  'depthwise, two images': {
    image: [2, 3, 4, 2],
    filter: [2, 2, 2, 1],
    strides: 1,
    pad: 'valid',
    depthwise: true,
  },
  'depthwise, stride 2, even side': {
    image: [1, 6, 4, 2],
    filter: [3, 3, 2, 1],
    strides: 2,
    pad: 1,
    depthwise: true,
  },
  'depthwise, 5 x 5 and a stride of 2': {
    image: [1, 7, 6, 2],
    filter: [5, 5, 2, 1],
    strides: 2,
    pad: 'same',
    depthwise: true,
  },
  'depthwise, a stride of 3 that leaves a rest': {
    image: [1, 8, 7, 1],
    filter: [2, 2, 1, 1],
    strides: 3,
    pad: 'valid',
    depthwise: true,
  },
};

/** Calls `visit` with the indices of each product: of the pixel, the weight and the output. */
function products(given: Case, visit: (x: number, w: number, y: number) => void) {
  const { image, filter, strides, pad, depthwise = false } = given;
  const [batch, height, width, channels] = image;
  const [down, right, , out] = filter;
  const info = convInfo({
    x: image,
    filter,
    attrs: { strides, pad },
    isDepthwise: depthwise,
  });
  let y = 0;
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < info.outHeight; row++)
      for (let column = 0; column < info.outWidth; column++)
        for (let o = 0; o < (depthwise ? channels : out); o++, y++)
          for (let i = 0; i < down; i++)
            for (let j = 0; j < right; j++)
              for (let c = depthwise ? o : 0; c < (depthwise ? o + 1 : channels); c++) {
                const at = row * info.strideHeight - info.padInfo.top + i;
                const across = column * info.strideWidth - info.padInfo.left + j;
                if (at < 0 || across < 0 || at >= height || across >= width) continue;
                const pixel = ((n * height + at) * width + across) * channels + c;
                const weight = (i * right + j) * channels + c;
                visit(pixel, depthwise ? weight : weight * out + o, y);
              }
  return [batch, info.outHeight, info.outWidth, depthwise ? channels : out];
}

/** The gradients in float64 of sum(dy * conv(x, w)), which is a sum of products x w dy. */
function reference(given: Case, x: number[], w: number[], dy: number[]) {
  const [dx, dw] = [x, w].map((values) => Array<number>(values.length).fill(0)) as [
    number[],
    number[],
  ];
  products(given, (pixel, weight, y) => {
    dx[pixel]! += w[weight]! * dy[y]!;
    dw[weight]! += x[pixel]! * dy[y]!;
  });
  return { dx, dw };
}

const convolve = ({ strides, pad, depthwise }: Case) => {
  return (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
    depthwise
      ? tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad)
      : tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad);
};

// The kernels are for wasm, which has none; on the CPU, TensorFlow.js has its own.
describe.each(['wasm', 'cpu'])('on %s', (backend) => {
  beforeAll(async () => {
    await createEagerEngine({ backend });
  });

  test.each(Object.entries(cases))('%s: gradients are those of float64', (_, given) => {
    const [x, w] = [wave(sizeOf(given.image), 1), wave(sizeOf(given.filter), 2)] as const;
    const shape = products(given, () => {});
    const dy = wave(sizeOf(shape), 3);
    const expected = reference(given, x, w, dy);
    tf.tidy(() => {
      const tensors = [tf.tensor(x, given.image), tf.tensor(w, given.filter)];
      const run = convolve(given);
      expect(run(tensors[0]!, tensors[1]!).shape).toEqual(shape);
      const weights = tf.tensor(dy, shape);
      const loss = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(run(a, b), weights));
      const [dx, dw] = tf
        .grads(loss)(tensors)
        .map((gradient) => gradient.dataSync());
      expected.dx.forEach((value, i) => expect(dx![i]).toBeCloseTo(value, 4));
      expected.dw.forEach((value, i) => expect(dw![i]).toBeCloseTo(value, 4));
    });
  });
});

test('kernels that a backend has stay; completing twice is completing once', () => {
  const names = ['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropInput'];
  const kernels = () => ['cpu', 'wasm'].flatMap((name) => names.map((k) => tf.getKernel(k, name)));
  const before = kernels();
  for (const name of ['cpu', 'wasm']) completeBackend(name);
  kernels().forEach((kernel, i) => expect(kernel).toBe(before[i]));
});
