import {
  type Engine,
  float32,
  Generator,
  type NdArray,
  type Tensor,
  tf,
  valueAndGradients,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { close, engines, fixture, listOf } from '../testing.ts';
import { type RoiAlignOptions, roiAlign } from './roi-align.ts';

/** torchvision's values: features [2, 5, 16, 20] and boxes with their image first. */
const tensors = await fixture('detection_ops');

/** [n, c, h, w] -> [n, h, w, c] */
function channelsLast({ shape, data }: NdArray): NdArray {
  const [n, c, h, w] = shape as [number, number, number, number];
  const moved = new Float32Array(data.length);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < c; k++)
      for (let p = 0; p < h * w; p++)
        moved[(i * h * w + p) * c + k] = data[(i * c + k) * h * w + p]!;
  return float32([n, h, w, c], moved);
}

const five = tensors['roi.boxes'] as NdArray;
const own = Array.from(five.data).filter((_, i) => i % 5 > 0);
const imageOf = Array.from({ length: 9 }, (_, i) => five.data[5 * i]!);
/** Both images have all boxes; `share` is 1 for those of the image. */
const given = {
  maps: channelsLast(tensors['roi.features'] as NdArray),
  boxes: float32([2, 9, 4], [...own, ...own]),
  share: float32(
    [2, 9, 1],
    [0, 1].flatMap((n) => imageOf.map((image) => (image === n ? 1 : 0))),
  ),
};

/**
 * The third box ends below the maps, where these numbers, of torchvision's Python form, go on with the border's value; its compiled form
 * has 0 there, as all runtimes have.
 */
const BELOW = 2;

/** The value, and the gradient of its product with fixed numbers by the maps. */
function compile(engine: Engine, options: RoiAlignOptions) {
  const shape = [9, ...options.size, given.maps.shape[3]!];
  const size = shape.reduce((a, b) => a * b);
  const along = float32(shape, new Generator(3).array(size, 'normal'));
  const step = engine.compile('roi-align', ({ inputs, state }) => {
    const { boxes, share } = inputs as Record<string, Tensor>;
    const { loss, aux, gradients } = valueAndGradients(() => {
      const each = roiAlign(state('maps'), boxes!, options, share!);
      const y = tf.sum(tf.reshape(each, [2, ...shape]), 0);
      return { loss: tf.sum(tf.mul(y, inputs.along!)), aux: { y } };
    }, [state('maps')]);
    return { outputs: { loss, y: aux.y!, dx: gradients[0]! } };
  });
  return async (maps: NdArray) => {
    engine.set({ maps });
    const out = await step({ boxes: given.boxes, share: given.share, along });
    return { loss: out.loss!.data[0]!, y: out.y!, dx: out.dx! };
  };
}

const both = [
  [0, false],
  [2, true],
] as const;
const others = [
  [0, true],
  [2, false],
] as const;

describe.each([
  ['onnx', [...both, ...others]],
  ['eager', both],
] as const)('on %s', (name, cases) => {
  test.each(cases)(
    "%i sampling points, aligned %s: torchvision's, with the gradient of differences",
    async (samplingRatio, aligned) => {
      await using engine = await engines[name]!();
      const run = compile(engine, { size: [7, 7], scale: 0.125, samplingRatio, aligned });
      const { y, dx } = await run(given.maps);
      const reference = `roi.out.aligned${Number(aligned)}.sampling${samplingRatio}`;
      const expected = channelsLast(tensors[reference] as NdArray);
      expect(y.shape).toEqual(expected.shape);
      expected.data.forEach((x, i) => {
        const isBelow = !aligned && Math.floor((9 * i) / y.data.length) === BELOW;
        if (!isBelow) expect(Math.abs(y.data[i]! - x)).toBeLessThan(2e-5);
      });
      // It is linear in the maps, so that a large step along any direction is exact.
      const direction = new Generator(5).array(given.maps.data.length, 'normal');
      const moved = async (sign: number) => {
        const data = given.maps.data.map((x, i) => x + sign * direction[i]!);
        return (await run(float32(given.maps.shape, data))).loss;
      };
      const slope = ((await moved(1)) - (await moved(-1))) / 2;
      const along = Array.from(dx.data).reduce((sum, x, i) => sum + x * direction[i]!, 0);
      expect(Math.abs(slope - along)).toBeLessThan(1e-3);
      // The gradient is not small beside that.
      expect(Array.from(dx.data).reduce((sum, x) => sum + x * x, 0)).toBeGreaterThan(1);
    },
  );
});

test.each(['onnx', 'eager'] as const)(
  'on %s by hand: beyond the map its border for a step, then 0',
  async (name) => {
    await using engine = await engines[name]!();
    const maps = float32([1, 4, 4, 1], 1);
    const step = engine.compile('edge', ({ inputs }) => ({
      outputs: {
        y: roiAlign(inputs.maps!, inputs.boxes!, { size: [4, 1], scale: 1, samplingRatio: 1 }),
      },
    }));
    // Four points of the axis down, 3.9, 4.9, 5.9, 6.9 in steps from the first centre; then as many up to it.
    const boxes = float32([1, 2, 4], [1, 3.9, 2, 7.9, 1, -3.1, 2, 0.9]);
    const { y } = await step({ maps, boxes });
    expect([...y!.data]).toEqual([1, 0, 0, 0, 0, 0, 0, 1].map((x) => expect.closeTo(x, 6)));
  },
);

test('by hand: bins of an even map are even, of a ramp the ramp at their centres', async () => {
  // Value 10 y + x at the centre of each of 4 x 4 cells of two pixels.
  const maps = () =>
    tf.tensor4d([[0, 1, 2, 3].map((y) => [0, 1, 2, 3].map((x) => [10 * y + x, 7]))]);
  const values = await listOf(() =>
    roiAlign(maps(), tf.tensor3d([[[2, 2, 6, 6]]]), { size: [2, 2], scale: 0.5 }),
  );
  // The region is the four cells in the middle.
  expect(values).toEqual(close([11, 7, 12, 7, 21, 7, 22, 7]));
});

test.each(['onnx', 'eager'] as const)(
  'on %s regions of no share are 0, all of them too',
  async (name) => {
    await using engine = await engines[name]!();
    const maps = float32([2, 4, 4, 1], 1);
    const step = engine.compile('shares', ({ inputs, state }) => {
      const { loss, aux, gradients } = valueAndGradients(() => {
        const y = roiAlign(state('maps'), inputs.boxes!, { size: [2, 2], scale: 1 }, inputs.share!);
        return { loss: tf.sum(y), aux: { y } };
      }, [state('maps')]);
      return { outputs: { loss, y: aux.y!, dx: gradients[0]! } };
    });
    engine.set({ maps });
    const boxes = float32([2, 2, 4], [0, 0, 4, 4, 1, 1, 3, 3, 0, 0, 4, 4, 1, 1, 3, 3]);
    const given = async (...shares: number[]) => {
      const { y, dx } = await step({ boxes, share: float32([2, 2, 1], shares) });
      const perImage = [0, 1].map((image) =>
        Array.from(dx!.data.subarray(16 * image, 16 * (image + 1))).reduce((sum, x) => sum + x, 0),
      );
      return { y: [0, 4, 8, 12].map((at) => y!.data[at]), perImage };
    };
    // Each of four bins of a region of the even map is 1, and gives its share back.
    expect(await given(0, 0.5, 2, 0)).toEqual({
      y: [0, 0.5, 2, 0],
      perImage: [2, 8].map((x) => expect.closeTo(x, 5)),
    });
    expect(await given(0, 0, 0, 0)).toEqual({ y: [0, 0, 0, 0], perImage: [0, 0] });
  },
);
