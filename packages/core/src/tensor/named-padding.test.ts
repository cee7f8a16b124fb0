import { afterAll, beforeAll, expect, test } from 'vitest';
import { sizeOf } from '../ground/array.ts';
import { wave } from '../layers/testing.ts';
import { padByNumbers } from './named-padding.ts';
import { type Tensor, tf } from './tf.ts';

/** A processor's backend whose convolutions refuse numbers, as those of tfjs-node do. */
const BY_NAME = 'cpu-that-pads-by-name';

beforeAll(() => {
  tf.registerBackend(BY_NAME, tf.findBackendFactory('cpu')!);
  tf.copyRegisteredKernels('cpu', BY_NAME);
  for (const kernel of tf.getKernelsForBackend(BY_NAME)) {
    if (!/^(Depthwise)?Conv2d/i.test(kernel.kernelName)) continue;
    tf.unregisterKernel(kernel.kernelName, BY_NAME);
    tf.registerKernel({
      ...kernel,
      kernelFunc(call) {
        if (typeof call.attrs!.pad !== 'string') throw new Error('padding is a name here');
        return kernel.kernelFunc(call);
      },
    });
  }
});

afterAll(async () => {
  await tf.setBackend('cpu');
  tf.removeBackend(BY_NAME);
});

/** A convolution of an image [2, 7, 6, 4] and its gradients by the image and the filter, on a backend. */
async function values(backend: string, stride: number, pad: number, depthwise: boolean) {
  await tf.setBackend(backend);
  const [image, filter] = [
    [2, 7, 6, 4],
    [3, 3, 4, depthwise ? 1 : 5],
  ] as const;
  return tf.tidy(() => {
    const [x, w] = [image, filter].map((s, i) => tf.tensor(wave(sizeOf(s), i + 1), [...s]));
    const convolve = (a: Tensor, b: Tensor): Tensor =>
      depthwise
        ? tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad)
        : tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
    const y = convolve(x!, w!);
    const along = tf.tensor(wave(y.size, 3), y.shape);
    const gradients = tf.grads((a, b) => tf.sum(tf.mul(convolve(a!, b!), along)))([x!, w!]);
    return [y, ...gradients].map((tensor) => tensor.arraySync());
  });
}

test('a convolution and its gradients are those of a backend that pads by numbers', async () => {
  await tf.setBackend(BY_NAME);
  const pixel: tf.Tensor4D = tf.ones([1, 1, 1, 1]);
  expect(() => tf.conv2d(pixel, pixel, 1, 1)).toThrow('a name');
  pixel.dispose();
  padByNumbers();
  for (const depthwise of [false, true])
    for (const stride of [1, 2, 3])
      for (const pad of [0, 1, 2])
        expect(
          await values(BY_NAME, stride, pad, depthwise),
          `${[depthwise, stride, pad]}`,
        ).toEqual(await values('cpu', stride, pad, depthwise));
});

test('it is done once, leaves no tensors, and does nothing to a backend that needs nothing', async () => {
  const kernels = (name: string) => tf.getKernelsForBackend(name).map((k) => k.kernelFunc);
  for (const name of [BY_NAME, 'cpu']) {
    await tf.setBackend(name);
    const [before, count] = [kernels(name), tf.memory().numTensors];
    padByNumbers();
    expect(kernels(name)).toEqual(before);
    expect(tf.memory().numTensors).toBe(count);
  }
});
