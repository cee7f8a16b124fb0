import {
  adapt,
  compileInference,
  Generator,
  type Model,
  prunableDims,
  prune,
  pruneState,
  topChannels,
} from '@kcr/core';
import { evit, tome } from '@kcr/criteria';
import { lfe } from '@kcr/lfc';
import { createOnnxEngine, exportOnnx } from '@kcr/onnx';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { noise, smallModels } from './helpers.ts';

/** Half of the channels that every MLP reads, and the layer after the branches of attention. */
function compact(model: Model): Model {
  const io = prunableDims(model, ['io', 'context']);
  const scores = (size: number) => Array.from({ length: size }, (_, i) => Math.sin(i));
  return prune(
    model,
    Object.fromEntries(io.map((d) => [d.name, topChannels(d, scores(d.size), d.size / 2)])),
  );
}

/** Fewer tokens, in place where they are a grid; linear attention has no weights to choose by. */
function thinned(model: Model): Model {
  if (model.architecture.name === 'efficientvit') return model;
  const inPlace = model.architecture.tokens === 'grid';
  const selected = adapt(model, [lfe({ counts: [3], inPlace })]);
  return inPlace ? selected : adapt(selected, [evit({ counts: [3, 2] }), tome({ r: [0, 0, 1] })]);
}

const variants: Record<string, (model: Model) => Model> = {
  dense: (model) => model,
  compact,
  'fewer tokens': thinned,
};
const rows = Object.entries(smallModels).flatMap(([name, make]) =>
  Object.entries(variants).map(([variant, change]) => [name, variant, make, change] as const),
);

test.each(rows)(
  '%s, %s: the exported file computes the model for every batch size',
  async (_n, _v, make, change) => {
    const dense = make();
    const model = change(dense);
    const weights = pruneState(dense, model, dense.initialize(new Generator(1)));
    const engine = createOnnxEngine();
    engine.set(weights);
    const inference = compileInference(engine, model);
    const [height, width, channels] = model.inputShape;
    for (const batch of [1, 2, 5]) {
      const image = noise([batch, height, width, channels], batch);
      const expected = await inference({ image });
      const nchw = new Float32Array(image.data.length);
      for (let n = 0; n < batch; n++)
        for (let c = 0; c < channels; c++)
          for (let p = 0; p < height * width; p++)
            nchw[(n * channels + c) * height * width + p] =
              image.data[(n * height * width + p) * channels + c]!;
      for (const bytes of [exportOnnx(model, weights), exportOnnx(model, weights, { batch })]) {
        const session = await ort.InferenceSession.create(bytes);
        const out = await session.run({
          input: new ort.Tensor('float32', nchw, [batch, channels, height, width]),
        });
        for (const key of ['logits', 'features'])
          expected[key]!.data.forEach((x, i) => expect(out[key]!.data[i]).toBeCloseTo(x, 5));
        expect(out.logits!.dims).toEqual([batch, model.classes]);
      }
    }
  },
);

test.each([0, -1, 1.5, Number.NaN])('BATCH_SIZE for a fixed batch of %d', (batch) => {
  const model = smallModels.vit!();
  const weights = model.initialize(new Generator(0));
  expect(() => exportOnnx(model, weights, { batch })).toThrow(
    expect.objectContaining({ code: 'BATCH_SIZE' }),
  );
});
