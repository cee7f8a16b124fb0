import { gradCam, gradCamStep, tapsOf, toMap } from '@kcr/explain';
import { createOnnxEngine, exportOnnx } from '@kcr/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { channelsFirst } from './channels-first.ts';
import { exportCases } from './export-cases.ts';
import { noise } from './helpers.ts';

/** Classifiers, dense and compact, with an attention layer whose tokens lie in a map. */
const explained = Object.entries(exportCases).filter(([name, make]) => {
  if (name.includes(',') && !name.endsWith(', compact')) return false;
  const { model } = make();
  return !model.architecture.task && tapsOf(model, 'in').length > 0;
});

describe.each(explained)('%s', (_, make) => {
  test('a file of Grad-CAM gives its maps, of any class', async () => {
    const { model, weights } = make();
    await using engine = createOnnxEngine();
    engine.set(weights);
    const { run, layout } = gradCamStep(model);
    const step = { inputs: ['label'], run };
    const bytes = await exportOnnx(model, weights, { step, batch: 1 });
    const session = await ort.InferenceSession.create(bytes);
    expect(session.inputNames.toSorted()).toEqual(['label', 'pixel_values']);
    const image = noise([1, ...model.inputShape], 5);
    const { data, shape } = channelsFirst(image);
    for (const label of [0, model.classes - 1]) {
      const classes = Int32Array.of(label);
      const expected = await gradCam(engine, model, image, { classes });
      const { cam } = await session.run({
        pixel_values: new ort.Tensor('float32', data as Float32Array, [...shape]),
        label: new ort.Tensor('int32', classes, [1]),
      });
      const map = toMap(layout, (token) => Number(cam!.data[token]));
      map.forEach((x, i) => {
        if (Math.abs(x - expected.data[i]!) > 1e-4) expect(x, `[${i}]`).toBe(expected.data[i]);
      });
    }
    await session.release();
  });
});
