import { compileInference, type Engine, Generator } from '@kcr/core';
import { createOnnxEngine, exportGraph, exportOnnx } from '@kcr/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { channelsFirst } from './channels-first.ts';
import { type ExportCase, exportCases } from './export-cases.ts';
import { noise, smallModels } from './helpers.ts';

/** Runs a file, and the model on an engine, and compares all that the file gives. */
async function compare(bytes: Uint8Array, { model }: ExportCase, engine: Engine, batch: number) {
  const image = noise([batch, ...model.inputShape], batch);
  await using inference = compileInference(engine, model);
  const expected = await inference({ image });
  const { data, shape } = channelsFirst(image);
  const session = await ort.InferenceSession.create(bytes);
  const pixels = new ort.Tensor('float32', data as Float32Array, [...shape]);
  const found = await session.run({ pixel_values: pixels });
  await session.release();
  expect(Object.keys(found).length).toBeGreaterThan(0);
  for (const [name, value] of Object.entries(found)) {
    const whole = expected[name]!;
    const wanted = name === 'logits' && whole.shape.length > 2 ? channelsFirst(whole) : whole;
    expect(value.dims, name).toEqual(wanted.shape);
    const most = Array.from(wanted.data).reduce((m, x) => Math.max(m, Math.abs(x)), 1);
    wanted.data.forEach((x, i) => {
      const difference = Math.abs(x - Number(value.data[i]));
      if (!(difference <= 2e-5 * most)) expect(value.data[i], `${name}[${i}]`).toBe(x);
    });
  }
}

describe.each(Object.entries(exportCases))('%s', (_, make) => {
  test('the file computes the model, for every batch size', async () => {
    const given = make();
    const { model, weights } = given;
    const engine = createOnnxEngine();
    engine.set(weights);
    const dynamic = await exportOnnx(model, weights);
    for (const batch of [1, 3]) await compare(dynamic, given, engine, batch);
    await compare(await exportOnnx(model, weights, { batch: 2 }), given, engine, 2);
    await engine.dispose();
  });

  test('its graph is plain: no foreign op, all of it named and used, shapes said', async () => {
    const { model, weights } = make();
    const { nodes, initializers, values, inputs, outputs } = await exportGraph(model, weights);
    expect(new Set(nodes.map(({ domain }) => domain))).toEqual(new Set(['']));
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
    const read = new Set(nodes.flatMap((node) => node.inputs));
    for (const { name } of initializers) expect(read).toContain(name);
    for (const { name, parameter } of initializers)
      if (parameter) expect(name).toMatch(new RegExp(`^${parameter}(_\\d+)?$`));
    const made = nodes.flatMap((node) => node.outputs);
    const given = outputs.map(({ name }) => name);
    // Suppression finds as many boxes as there are, and all that follows from that number has no size to say.
    const unsaid = nodes.some(({ op }) => op === 'NonMaxSuppression')
      ? /NonMax|Gather|Shape|Expand/
      : /^$/;
    const said = new Set([...values!.map(({ name }) => name), ...given]);
    expect(made.filter((name) => !said.has(name) && !unsaid.test(name) && read.has(name))).toEqual(
      [],
    );
    expect(inputs.map(({ name }) => name)).toEqual(['pixel_values']);
    expect(nodes.filter(({ op }) => op === 'Identity')).toEqual([]);
  });
});

test.each([0, -1, 1.5, Number.NaN])('BATCH_SIZE for a fixed batch of %d', async (batch) => {
  const model = smallModels.vit!();
  const weights = model.initialize(new Generator(0));
  await expect(exportOnnx(model, weights, { batch })).rejects.toThrow(
    expect.objectContaining({ code: 'BATCH_SIZE' }),
  );
});
