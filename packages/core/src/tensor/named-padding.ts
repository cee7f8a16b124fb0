import { convInfo } from './conv-info.ts';
import { type Tensor, tf } from './tf.ts';

/*
 * Convolutions of a backend that knows padding by name alone, `same` and `valid`: the image is padded before, and the
 * gradient of the image is cut out of that of the padded one.
 */

type Inputs = Readonly<Record<string, Tensor>>;
type Attrs = Readonly<Record<string, unknown>>;

/** How wide the image is padded: [before, after] of each axis. */
function widths(x: readonly number[], filter: readonly number[], attrs: Attrs, depthwise: boolean) {
  const { top, bottom, left, right } = convInfo({
    x,
    filter,
    attrs,
    isDepthwise: depthwise,
  }).padInfo;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ] as [number, number][];
}

/** A convolution, or the gradient of its filter. */
function ofImage(kernel: string, inputs: Inputs, attrs: Attrs, depthwise: boolean): Tensor {
  const x = inputs.x!;
  const filter = inputs.filter?.shape ?? (attrs.filterShape as number[]);
  const padded = tf.pad(x, widths(x.shape, filter, attrs, depthwise));
  return tf.engine().runKernel(kernel, { ...inputs, x: padded }, valid(attrs));
}

/** The gradient of the image. */
function toImage(kernel: string, inputs: Inputs, attrs: Attrs, depthwise: boolean): Tensor {
  const shape = attrs.inputShape as number[];
  const pads = widths(shape, inputs.filter!.shape, attrs, depthwise);
  const inputShape = shape.map((n, axis) => n + pads[axis]![0] + pads[axis]![1]);
  const all: Tensor = tf.engine().runKernel(kernel, { ...inputs }, valid({ ...attrs, inputShape }));
  const from = pads.map(([before]) => before);
  return tf.slice(all, from, shape);
}

const valid = (attrs: Attrs) => ({ ...attrs, pad: 'valid' }) as unknown as tf.NamedAttrMap;

const kernels = {
  Conv2D: [ofImage, false],
  Conv2DBackpropFilter: [ofImage, false],
  Conv2DBackpropInput: [toImage, false],
  DepthwiseConv2dNative: [ofImage, true],
  DepthwiseConv2dNativeBackpropFilter: [ofImage, true],
  DepthwiseConv2dNativeBackpropInput: [toImage, true],
} as const;

/** Whether the backend in use pads by numbers: a convolution of one pixel is tried. */
const padsByNumbers = (): boolean =>
  tf.tidy(() => {
    const one: tf.Tensor4D = tf.zeros([1, 1, 1, 1]);
    try {
      tf.conv2d(one, one, 1, 1);
      return true;
    } catch {
      return false;
    }
  });

/** Lets the TensorFlow.js backend in use pad by numbers, where it pads by name alone (tfjs-node). */
export function padByNumbers(): void {
  if (padsByNumbers()) return;
  const backendName = tf.getBackend();
  for (const [kernelName, [compute, depthwise]] of Object.entries(kernels)) {
    const own = tf.getKernel(kernelName, backendName);
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      ...own,
      kernelFunc(call) {
        const attrs = call.attrs as unknown as Attrs;
        if (typeof attrs.pad === 'string') return own.kernelFunc(call);
        const inputs = call.inputs as unknown as Inputs;
        return tf.tidy(() => compute(kernelName, inputs, attrs, depthwise));
      },
    });
  }
}
