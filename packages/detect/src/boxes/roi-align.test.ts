import { fileURLToPath } from 'node:url';
import {
  createEagerEngine,
  type Engine,
  float32,
  Generator,
  type NdArray,
  readSafetensors,
  type Tensor,
  tf,
  valueAndGradients,
} from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import { type RoiAlignOptions, roiAlign } from './roi-align.ts';

/** torchvision's values: features [2, 5, 16, 20] and boxes with their image first. */
const path = fileURLToPath(new URL('../../fixtures/detection_ops.safetensors', import.meta.url));
const { tensors } = await readSafetensors(path);

const engines: Record<string, () => Promise<Engine>> = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

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

/** The value, and the gradient of its product with fixed numbers by the maps. */
async function run(engine: Engine, options: RoiAlignOptions, maps = given.maps) {
  const step = engine.compile('roi-align', ({ inputs, state }) => {
    const { boxes, share, along } = inputs as Record<string, Tensor>;
    const { loss, aux, gradients } = valueAndGradients(() => {
      const each = roiAlign(state('maps'), boxes!, options, share!);
      const y = tf.sum(tf.reshape(each, [2, ...along!.shape]), 0);
      return { loss: tf.sum(tf.mul(y, along!)), aux: { y } };
    }, [state('maps')]);
    return { outputs: { loss, y: aux.y!, dx: gradients[0]! } };
  });
  engine.set({ maps });
  const [height, width] = options.size;
  const shape = [9, height, width, maps.shape[3]!];
  const along = float32(
    shape,
    new Generator(3).array(
      shape.reduce((a, b) => a * b),
      'normal',
    ),
  );
  const out = await step({ boxes: given.boxes, share: given.share, along });
  await step.dispose();
  return { loss: out.loss!.data[0]!, y: out.y!, dx: out.dx! };
}

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  describe.each([
    [0, false],
    [0, true],
    [2, false],
    [2, true],
  ])('%i sampling points, aligned %s', (samplingRatio, aligned) => {
    const options = { size: [7, 7], scale: 0.125, samplingRatio, aligned } as const;

    test("it is torchvision's", async () => {
      const engine = await makeEngine();
      const { y } = await run(engine, options);
      await engine.dispose();
      const name = `roi.out.aligned${Number(aligned)}.sampling${samplingRatio}`;
      const expected = channelsLast(tensors[name] as NdArray);
      expect(y.shape).toEqual(expected.shape);
      expected.data.forEach((x, i) => expect(Math.abs(y.data[i]! - x)).toBeLessThan(2e-5));
    });

    test('its gradient is that of differences', async () => {
      const engine = await makeEngine();
      const { dx } = await run(engine, options);
      // It is linear in the maps, so that large steps are exact.
      for (const at of [0, 137, 811, 1600, 3199]) {
        const at1 = async (sign: number) => {
          const data = Float32Array.from(given.maps.data);
          data[at]! += sign * 8;
          return (await run(engine, options, float32(given.maps.shape, data))).loss;
        };
        const slope = ((await at1(1)) - (await at1(-1))) / 16;
        expect(Math.abs(dx.data[at]! - slope)).toBeLessThan(1e-4);
      }
      await engine.dispose();
    });
  });
});
