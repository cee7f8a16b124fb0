import { createModel } from '@kcr/backbones';
import { compileInference, createEagerEngine, float32, Generator } from '@kcr/core';
import { exportOnnx } from '@kcr/onnx';
import { expect, test } from 'vitest';
import { classify, inputOf, type ModelFile, openModel } from './classify.ts';

const file: ModelFile = {
  classes: ['grass', 'water', 'sand'],
  input: { input_size: [3, 32, 32], mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.5] },
};

/** Of a canvas: some colours, all opaque. */
const pixels = Uint8ClampedArray.from({ length: 32 * 32 * 4 }, (_, i) =>
  i % 4 === 3 ? 255 : (i * 37) % 256,
);

test('pixels are normalised, channel by channel', () => {
  const { data, dims } = inputOf(pixels, file);
  expect(dims).toEqual([1, 3, 32, 32]);
  expect(data[0]).toBeCloseTo((0 / 255 - 0.5) / 0.2, 6);
  expect(data[32 * 32]).toBeCloseTo((37 / 255 - 0.4) / 0.25, 6);
  expect(data[2 * 32 * 32 + 1]).toBeCloseTo((((6 * 37) % 256) / 255 - 0.3) / 0.5, 6);
});

test('the page says what the model says', async () => {
  const model = createModel('deit_tiny_patch16_224', {
    img_size: 32,
    depth: 1,
    embed_dim: 12,
    num_classes: 3,
  });
  const weights = model.initialize(new Generator(1));
  const session = await openModel(await exportOnnx(model, weights));
  const guesses = await classify(session, file, pixels);

  await using engine = await createEagerEngine({ backend: 'wasm' });
  engine.set(weights);
  const step = compileInference(engine, model);
  const planes = inputOf(pixels, file).data as Float32Array;
  const image = Float32Array.from(
    { length: 32 * 32 * 3 },
    (_, i) => planes[(i % 3) * 1024 + Math.floor(i / 3)]!,
  );
  const { logits } = await step({ image: float32([1, 32, 32, 3], image) });
  const powers = [...logits!.data].map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  for (const { name, probability } of guesses)
    expect(probability).toBeCloseTo(powers[file.classes.indexOf(name)]! / sum, 5);
  expect(guesses.map(({ probability }) => probability)).toEqual(
    guesses.map(({ probability }) => probability).sort((a, b) => b - a),
  );
});
